"""The sets of pictures that have a name, so that results of different people are comparable.

``dfr``       this suite's own: `eval/data/collection.toml`, 15 photographs and 20 paintings. Their
              hashes are not known here: `dfr data fetch` locks what came.
``styleid``   what StyleID (Chung, Hyun, Heo, CVPR 2024) was evaluated on: 20 MSCOCO photographs and
              40 WikiArt works, in data/cnt and data/sty of its repository. ``styleid.csv`` lists
              them; 35 of the 60 hashes are known here, of the others the names alone.
``embedded``  what a run takes where nothing can be fetched: photographs of scikit-image, and styles
              that this project draws. To try things with.

A picture whose hash is not known is pinned by whoever checks entries: by the copy of the set that
they have, see `eval.submissions.keeper`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from dfr.core.errors import UserError
from eval.data.collection import read_collection
from eval.data.dataset import PHOTOGRAPHS, safe_name
from eval.data.lock import KINDS, Kind
from eval.data.procedural_styles import NAMES

_STYLEID = Path(__file__).with_name("styleid.csv")
#: The commit of the StyleID repository in which the listed files lie.
_STYLEID_COMMIT = "35436fc75bbc9176259f3f5ce33853eb9f95a8ad"


@dataclass(frozen=True)
class NamedSet:
    """A set of pictures with a name; every content meets every style.

    Attributes:
        name: what entries call it.
        title: what readers see.
        source: where its pictures are to be had, for readers.
        contents: file name -> SHA-256 (empty where it is not known), in order.
        styles: likewise.
    """

    name: str
    title: str
    source: str
    contents: Mapping[str, str]
    styles: Mapping[str, str]

    @property
    def pinned(self) -> str:
        """Say of how many of its pictures the hash is known here."""
        hashes = [*self.contents.values(), *self.styles.values()]
        known = sum(map(bool, hashes))
        if known == 0:
            return "no hash of its pictures is known here: the copy of whoever checks counts"
        return (
            f"{known} of its {len(hashes)} pictures are known by their hashes; of the others the "
            "copy of whoever checks counts"
        )

    def of(self, kind: Kind) -> Mapping[str, str]:
        """Return the files of one kind."""
        return self.contents if kind == "contents" else self.styles


@lru_cache(1)
def named_sets() -> Mapping[str, NamedSet]:
    """Return every named set by its name."""
    own: dict[Kind, dict[str, str]] = {kind: {} for kind in KINDS}
    for wanted in read_collection().files():
        place = PurePosixPath(wanted.file)
        own["contents" if place.parts[0] == "contents" else "styles"][place.name] = ""
    with _STYLEID.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sets = (
        NamedSet("dfr", "this suite's own set", "dfr data fetch", own["contents"], own["styles"]),
        NamedSet(
            "styleid",
            "StyleID's set",
            f"https://github.com/jiwoogit/StyleID/tree/{_STYLEID_COMMIT}/data (cnt and sty)",
            {row["file"]: row["sha256"] for row in rows if row["kind"] == "content"},
            {row["file"]: row["sha256"] for row in rows if row["kind"] == "style"},
        ),
        NamedSet(
            "embedded",
            "the embedded set, to try things with",
            "no download: scikit-image's photographs and this project's drawings",
            dict.fromkeys(PHOTOGRAPHS.values(), ""),
            {f"{name}.png": "" for name in NAMES},
        ),
    )
    return {each.name: each for each in sets}


def set_of(identity: Mapping[str, Any]) -> NamedSet:
    """Return the named set whose pictures, or a part of them, a run was made of.

    Args:
        identity: of the run, as run.json has it.

    Raises:
        UserError: the run took single pairs, or its pictures are of no named set.
    """
    if "pairs" in identity:
        raise UserError(
            "the run took single pairs; an entry needs a run in which every content meets every "
            "style"
        )
    for each in named_sets().values():
        if all(_listed(item, each.of(kind)) for kind in KINDS for item in identity[kind]):
            return each
    told = "; ".join(f"{each.name} ({each.source})" for each in named_sets().values())
    raise UserError(
        "the run's pictures are of no named set (other names, or another SHA-256): make the run on "
        f"one of {told}"
    )


def _listed(item: Mapping[str, str], files: Mapping[str, str]) -> bool:
    return (
        item["file"] in files
        and item["name"] == safe_name(Path(item["file"]).stem)
        and files[item["file"]] in ("", item["sha256"])
    )
