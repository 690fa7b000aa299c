"""Profiles: how large a run is. Each built-in one is a small file in ``eval/runs/profiles``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dfr.core.errors import UserError, unknown
from dfr.core.files import read_toml, wrong_value
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from dfr.methods.method import Method, settings_of
from dfr.methods.registry import build, packages_of
from dfr.network.precisions import check_precision
from eval.data.dataset import Pairs
from eval.data.listed import listed_set
from eval.runs.store import AGAIN
from eval.speed.timing import Timing

_FOLDER = Path(__file__).parent / "profiles"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MethodEntry(_Settings):
    """One method with its settings: one row of the comparison.

    Attributes:
        label: short unique name, used for folders and tables.
        title: what readers see.
        method: name in the table of methods.
        settings: as `dfr.methods.registry.build` takes them.
        pairs: on how many of the pairs it runs, see `eval.data.dataset.Dataset.spread`; on all
            if None.
    """

    label: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str
    method: str
    settings: Mapping[str, Any] = {}
    pairs: int | None = Field(default=None, ge=1)

    @property
    def again(self) -> bool:
        """Whether the outputs are made a second time, see `again_of`."""
        return self.label.endswith(AGAIN)

    def build(self, iterations: int | None = None) -> Method:
        """Make the method, with another number of iterations where one is given and it has one."""
        method = build(self.method, self.settings)
        if iterations is None or "solver" not in settings_of(method):
            return method
        return build(self.method, {**self.settings, "iterations": iterations})


def again_of(entry: MethodEntry, pairs: int) -> MethodEntry:
    """Return the entry that makes an entry's outputs a second time, on its first pairs.

    The objective is the same and the start differs by what nobody can see (see
    `eval.runs.cell.stylize_again`), so how far the outputs are from the first ones is what chance
    alone does: the floor under every difference between outputs.
    """
    return entry.model_copy(
        update={
            "label": entry.label + AGAIN,
            "title": f"{entry.title}, again",
            "pairs": pairs if entry.pairs is None else min(pairs, entry.pairs),
        }
    )


class Profile(_Settings):
    """A whole run.

    Attributes:
        name: the file's name without its ending.
        description: one sentence.
        size: working size, see `dfr.core.images.Size`.
        resizing: how pictures get there, see `dfr.core.image_settings.ImageSettings`.
        saving: how they are rounded to 8 bits, likewise.
        precision: of the encoder.
        contents: how many contents of the embedded set or of a data folder are used.
        styles: how many styles of them are used.
        pairs: ``all``: every content meets every style. ``published``: the pairs of which outputs
            were published, all of those that the data folder has.
        pictures: name of the set of other people that the run is about, see `eval.data.listed`;
            any pictures will do if None.
        floor_pairs: on how many of the pairs every method's outputs are made a second time, for
            the floor of chance; see `again_of`.
        timing: the timing section.
        methods: the rows of the comparison.
    """

    name: str
    description: str
    size: str
    resizing: str = "antialias"
    saving: str = "nearest"
    precision: str
    contents: int = Field(ge=1)
    styles: int = Field(ge=1)
    pairs: Pairs = "all"
    pictures: str | None = None
    floor_pairs: int = Field(default=0, ge=0)
    timing: Timing = Timing()
    methods: tuple[MethodEntry, ...] = Field(min_length=1)

    @property
    def entries(self) -> tuple[MethodEntry, ...]:
        """What makes cells: the methods, and then what is made a second time."""
        if not self.floor_pairs:
            return self.methods
        return (*self.methods, *(again_of(entry, self.floor_pairs) for entry in self.methods))

    @property
    def identity(self) -> dict[str, Any]:
        """What decides a run's cells, as plain values: everything but the timing section.

        The profile's own settings are left out where they have their default, so that one added
        later does not make an old run another one: its default is what runs were before. A
        method's settings are all told: their defaults are what was published, and where that is
        understood better a default changes, and then an old run is another one.
        """
        plain = self.model_dump(mode="json", exclude={"timing"}, exclude_defaults=True)
        for entry, told in zip(self.methods, plain["methods"], strict=True):
            told["settings"] = settings_of(entry.build())
        return plain

    @property
    def packages(self) -> dict[str, str]:
        """What other packages bring to the methods, see `dfr.methods.registry.packages_of`."""
        found: dict[str, str] = {}
        for entry in self.methods:
            found |= packages_of(entry.method, settings_of(entry.build()))
        return found

    @property
    def images(self) -> ImageSettings:
        """How the run loads and keeps pictures.

        Raises:
            UserError: a size, resizing or saving that cannot be used.
        """
        return ImageSettings(Size.parse(self.size), self.resizing, self.saving)

    def check(self) -> None:
        """Look every name and value up before any work is done.

        Raises:
            UserError: a size, resizing, saving, precision, set of pictures, method or setting that
                cannot be used, or a label used twice.
        """
        _ = self.images
        if self.pictures is not None:
            listed_set(self.pictures)
        for text in self.timing.sizes or ():
            Size.parse(text)
        if len(set(self.timing.outputs)) < len(self.timing.outputs):
            raise UserError(
                f"profile '{self.name}': a number of outputs is timed twice: "
                f"{list(self.timing.outputs)}"
            )
        check_precision(self.precision)
        labels = [entry.label for entry in self.methods]
        if len(set(labels)) < len(labels):
            raise UserError(f"profile '{self.name}': a label stands there twice: {labels}")
        for entry in self.methods:
            entry.build()


def profile_names() -> list[str]:
    """Return the names of the built-in profiles."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def choose_profile(name: str | None, device: torch.device) -> Profile:
    """Return a profile by name or file; by default ``paper`` on CUDA and ``cpu`` elsewhere.

    Raises:
        UserError: an unknown name, or a file that is not a valid profile.
    """
    if name is None:
        name = "paper" if device.type == "cuda" else "cpu"
    if name in profile_names():
        return read_profile(_FOLDER / f"{name}.toml")
    if not name.endswith(".toml"):
        raise unknown("profile", name, [*profile_names(), "FILE.toml"])
    return read_profile(Path(name))


def read_profile(path: Path) -> Profile:
    """Read a profile file.

    Raises:
        UserError: it is missing, not TOML, or holds a wrong value.
    """
    try:
        profile = Profile(name=path.stem, **read_toml(path, "profile file"))
    except TypeError as error:
        raise UserError(f"{path}: {error}") from error
    except ValidationError as error:
        raise wrong_value(path, error) from error
    profile.check()
    return profile
