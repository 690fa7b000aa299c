"""Sets of pictures that other people published, by address and hash.

``dfp``: the evaluation data of Deep Feature Perturbation (Wang et al., CVPR 2020): 6 contents and
6 styles, from the authors' repository. ``eval/data/dfp.csv`` lists them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dfr.core.errors import UserError, unknown
from eval.data.collection import Wanted, web_address

_FOLDERS = {"content": "contents", "style": "styles"}


@dataclass(frozen=True)
class ListedSet:
    """A set whose every file is known by its hash.

    Attributes:
        name: what profiles and commands call it.
        title: what readers see.
        url: the folder in which its files lie, named as in the list.
        licence: of the repository that holds them.
        listed: file (``content/1.jpg``) -> SHA-256, in order.
    """

    name: str
    title: str
    url: str
    licence: str
    listed: Mapping[str, str]

    @property
    def contents_from(self) -> str:
        """Where the contents come from, for readers."""
        return f"contents of {self.title}"

    @property
    def styles_from(self) -> str:
        """Where the styles come from, for readers."""
        return f"styles of {self.title}"

    @property
    def instead(self) -> str:
        """What to do where there is no network."""
        return "name local copies with --content and --style"

    @property
    def folder(self) -> Path:
        """Where it is kept unless another place is named."""
        from dfr.network.lpips import cache_folder  # loads torch, which a report does not need

        return cache_folder() / self.name

    def hashes(self, kind: str) -> frozenset[str]:
        """Return the hashes of the ``content`` or the ``style`` pictures."""
        return frozenset(
            digest for file, digest in self.listed.items() if file.startswith(f"{kind}/")
        )

    def files(self, url: str | None = None) -> list[Wanted]:
        """Return every file, contents first.

        Args:
            url: a mirror of the folder; the published one if None.

        Raises:
            UserError: it is no web address.
        """
        base = web_address(url or self.url)
        about = {"licence": self.licence, "verified": True}
        return [
            Wanted(f"{_FOLDERS[kind]}/{name}", f"{base}/{kind}/{name}", about, digest)
            for (kind, _, name), digest in (
                (file.partition("/"), digest) for file, digest in self.listed.items()
            )
        ]

    def holds(self, identity: Mapping[str, Any]) -> bool:
        """Say whether the pictures of a run are all of this set.

        Args:
            identity: of the run, as run.json has it.
        """
        return all(
            item["sha256"] in self.hashes(kind)
            for kind, folder in _FOLDERS.items()
            for item in identity[folder]
        )


@cache
def listed_sets() -> Mapping[str, ListedSet]:
    """Return every listed set by its name."""
    return MappingProxyType(
        {
            "dfp": ListedSet(
                "dfp",
                "Deep Feature Perturbation's evaluation data",
                "https://raw.githubusercontent.com/EndyWon/Deep-Feature-Perturbation/master/"
                "evaluation_data",
                "MIT",
                _read("dfp.csv"),
            )
        }
    )


def listed_set(name: str) -> ListedSet:
    """Look a set up.

    Raises:
        UserError: there is none of this name.
    """
    if name not in listed_sets():
        raise unknown("set of pictures", name, listed_sets())
    return listed_sets()[name]


def _read(name: str) -> Mapping[str, str]:
    path = Path(__file__).with_name(name)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return MappingProxyType({row["file"]: row["sha256"] for row in csv.DictReader(stream)})
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
