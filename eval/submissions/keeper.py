"""The pictures of the named sets, as whoever checks entries has them.

FOLDER/sets/NAME/contents/FILE and FOLDER/sets/NAME/styles/FILE, put there by hand; without them the
set ``dfr`` is what `dfr data fetch` brought, and ``embedded`` is made here. An entry must have been
made of the same bytes. So a picture whose hash this suite does not know is pinned by this copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, load
from dfr.core.provenance import environment
from dfr.network.weights import load_vgg19
from eval.data.dataset import open_dataset, safe_name
from eval.data.lock import KINDS, Kind, default_folder, open_locked
from eval.runs.tools import Tools
from eval.submissions.entry import Pictures
from eval.submissions.sets import NamedSet, named_sets

#: Where the sets lie in the folder of a leaderboard.
SETS = "sets"


@dataclass(frozen=True)
class Bench:
    """What entries on one set, at one size, are measured with.

    Attributes:
        files: kind -> name of a picture -> its file.
        images: how they are brought to the working size.
        device: where to compute.
    """

    files: Mapping[Kind, Mapping[str, Path]]
    images: ImageSettings
    device: torch.device

    @cached_property
    def tools(self) -> Tools:
        """The networks, and the E statistic's directions, fitted to the contents."""
        return Tools.make(
            load_vgg19(), "fp32", self.device, environment(self.device), 0,
            self.files["contents"].values(), self.images,
        )  # fmt: skip

    @cached_property
    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Content -> height and width of its outputs."""
        return {
            name: self.images.size.of(*load(path).shape[-2:])
            for name, path in self.files["contents"].items()
        }

    def pair(self, content: str, style: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Return content and style as a run keeps them, each (1, 3, h, w) in [0, 1]."""
        pair = self.files["contents"][content], self.files["styles"][style]
        one, other = self.images.load_pair(*pair)
        return self.images.quantise(one), self.images.quantise(other)


class Keeper:
    """Gives the pictures of the sets.

    Args:
        folder: of the leaderboard.
        device: where to compute.
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.folder = folder
        self.device = device
        self._benches: dict[str, Bench] = {}
        self._files: dict[str, Mapping[Kind, Mapping[str, Path]]] = {}

    def bench(self, pictures: Pictures) -> Bench:
        """Return what an entry's set is measured with, once for each set, part of it and size.

        Raises:
            UserError: no such set, its pictures are not here, or the entry's are others.
        """
        key = pictures.model_dump_json()
        if key not in self._benches:
            named = named_sets().get(pictures.name)
            if named is None:
                raise UserError(f"'{pictures.name}' is no named set")
            images = ImageSettings(Size.parse(pictures.size), pictures.resizing, pictures.saving)
            files: dict[Kind, dict[str, Path]] = {"contents": {}, "styles": {}}
            for kind in KINDS:
                asked = pictures.contents if kind == "contents" else pictures.styles
                for source in asked:
                    if source.name != safe_name(Path(source.file).stem):
                        raise UserError(f"calls {source.file} '{source.name}'")
                    files[kind][source.name] = self._same(named, kind, source.file, source.sha256)
            self._benches[key] = Bench(files, images, self.device)
        return self._benches[key]

    def _same(self, named: NamedSet, kind: Kind, file: str, wanted: str) -> Path:
        """Return a picture of the set after checking that it is the one that is wanted."""
        if named.name not in self._files:
            self._files[named.name] = self._find(named)
        if file not in named.of(kind):
            raise UserError(f"'{file}' is none of the {kind} of the set {named.name}")
        path = self._files[named.name][kind].get(file)
        if path is None:
            raise UserError(
                f"the set {named.name} is not whole here ({file} is missing): put its {kind} into "
                f"{self.folder / SETS / named.name / kind}, from {named.source}"
            )
        here, known = sha256(path), named.of(kind)[file]
        if known and known != here:
            raise UserError(f"{path} is not the set's picture (another SHA-256); get it again")
        if wanted != here:
            raise UserError(
                f"was made of another {file} than the set's (SHA-256 {wanted[:16]}... and not "
                f"{here[:16]}...)"
            )
        return path

    def _find(self, named: NamedSet) -> Mapping[Kind, Mapping[str, Path]]:
        folder = self.folder / SETS / named.name
        if named.name == "embedded":
            made = open_dataset(
                None, None, folder / "styles", len(named.contents), len(named.styles)
            )
            return {
                "contents": {picture.path.name: picture.path for picture in made.contents},
                "styles": {picture.path.name: picture.path for picture in made.styles},
            }
        if named.name == "dfr" and not folder.is_dir():
            folder = default_folder()
            open_locked(folder)
        return {
            kind: {path.name: path for path in sorted((folder / kind).glob("*")) if path.is_file()}
            for kind in KINDS
        }
