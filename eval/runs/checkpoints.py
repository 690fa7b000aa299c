"""The weights of a run's methods: whose they are, and which methods have none here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.checkpoints import SUFFIXES
from baselines.compact import about
from baselines.official import whose_weights
from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.methods.feed_forward import FeedForwardMethod
from eval.runs.profiles import Profile


def supplied(profile: Profile) -> tuple[Profile, dict[str, str]]:
    """Leave out the methods whose weights are not here.

    Returns:
        the profile with the others, and title -> why, of those that were left out.

    Raises:
        UserError: no method is left.
    """
    lacking = {}
    kept = []
    for entry in profile.methods:
        method = entry.build()
        try:
            if isinstance(method, FeedForwardMethod):
                method.weights_at()
            kept.append(entry)
        except UserError as error:
            lacking[entry.title] = str(error)
    if not kept:
        raise UserError(
            f"profile '{profile.name}': no method has its weights here; "
            + "; ".join(lacking.values())
        )
    return profile.model_copy(update={"methods": tuple(kept)}), lacking


def checkpoints_of(profile: Profile) -> dict[str, dict[str, Any]]:
    """Return label -> whose weights a method has, and its files with their SHA-256.

    Those that this suite trained are marked as ``own``.

    Raises:
        UserError: they are not here.
    """
    found = {}
    for entry in profile.methods:
        method = entry.build()
        path = method.weights_at() if isinstance(method, FeedForwardMethod) else None
        if path is not None:
            told = about(path)
            whose = whose_weights(str(getattr(method, "checkpoint", "")))
            if told and not whose.startswith("trained"):
                whose = f"{whose}, trained for this suite"
            if told:
                whose = f"{whose} ({told['steps']} steps)"
            own = {"own": True} if told else {}
            found[entry.label] = {"whose": whose, **own, "files": _hashes(path)}
    return found


def check_checkpoints(folder: Path, wanted: Mapping[str, Any], profile: Profile) -> None:
    """Refuse to make cells again with other weights than they were made with.

    Raises:
        UserError: weights are others, or not here.
    """
    for label, here in checkpoints_of(profile).items():
        before = wanted.get(label)
        if before is not None and before["files"] != here["files"]:
            raise UserError(
                f"{folder}: '{label}' was made with other weights ({', '.join(before['files'])}) "
                "than are here now; put those back, or make a new run"
            )


def _hashes(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name: sha256(file) for file in files if file.name.endswith(SUFFIXES)}
