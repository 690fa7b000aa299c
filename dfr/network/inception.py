"""Inception-v3 (Szegedy et al., CVPR 2016): the 2048 features after its last pooling.

Two networks of one form:

- ``inception``: torchvision's, trained on ImageNet. Published FID and KID use another conversion
  of these weights (TensorFlow's, of 2015), so values are near published ones and not equal to them.
  A picture is resized to 299 x 299 (bilinear, with antialiasing), and its values to [-1, 1].
- ``art-inception``: of Wright and Ommer, "ArtFID", GCPR 2022, arXiv 2207.12280, trained to tell
  artists and styles of paintings. As in its authors' code (github.com/matthias-wright/art-fid) a
  picture goes in as it is, at its own size and in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torchvision.models.inception import Inception3

from dfr.core.errors import UserError, unknown
from dfr.core.files import sha256
from dfr.core.images import resize
from dfr.network.lpips import cache_folder
from dfr.network.weights import download_torchvision, torchvision_hash, torchvision_path, verified

#: The number of features.
FEATURES = 2048
#: The network cannot take a picture with a shorter side.
LEAST_SIDE = 75
#: Parts that the features do not go through.
_HEADS = ("fc", "AuxLogits")


@dataclass(frozen=True)
class InceptionSource:
    """Where weights are to be had.

    Attributes:
        title: what readers see.
        url: their address.
        option: of ``dfr measure``: it names a file of them.
        fetched: whether they are fetched from the address: only where their hash is known.
        prepared: whether a picture is resized to 299 x 299, and scaled to [-1, 1].
    """

    title: str
    url: str
    option: str
    fetched: bool
    prepared: bool


SOURCES: Mapping[str, InceptionSource] = MappingProxyType(
    {
        "inception": InceptionSource(
            "Inception-v3 (torchvision)",
            "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
            "--inception",
            fetched=True,
            prepared=True,
        ),
        "art-inception": InceptionSource(
            "art-Inception",
            "https://huggingface.co/matthias-wright/art_inception/resolve/main/art_inception.pth",
            "--art-inception",
            fetched=False,
            prepared=False,
        ),
    }
)


class Inception:
    """The features of pictures.

    Args:
        name: one of `SOURCES`.
        file: of the weights, a state dict in torchvision's naming; from the cache or the address if
            None.
        device: where to compute.

    Raises:
        UserError: the weights are not here and cannot be had, or are no weights of Inception-v3.
    """

    def __init__(
        self, name: str, file: Path | None = None, device: torch.device | str = "cpu"
    ) -> None:
        if name not in SOURCES:
            raise unknown("Inception", name, SOURCES)
        path = find_weights(name, file)
        self.name, self.path, self.sha256 = name, path, sha256(path)
        self.device = torch.device(device)
        network = Inception3(aux_logits=False, transform_input=False, init_weights=False)
        network.fc = torch.nn.Identity()
        network.load_state_dict(_trunk(path, network.state_dict()))
        self._network = network.eval().requires_grad_(False).to(self.device)

    @torch.no_grad()
    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Return the features (2048,) of a picture, (1, 3, h, w) in [0, 1].

        Raises:
            UserError: the picture is too small for a network that takes it as it is.
        """
        source = SOURCES[self.name]
        if source.prepared:
            picture = 2 * resize(picture, 299, 299) - 1
        elif min(picture.shape[-2:]) < LEAST_SIDE:
            height, width = picture.shape[-2:]
            raise UserError(
                f"{source.title} takes no picture of {height} x {width} pixels: each side must "
                f"have {LEAST_SIDE}"
            )
        found: torch.Tensor = self._network(picture.to(self.device))[0].cpu()
        return found


def find_weights(name: str, file: Path | None = None) -> Path:
    """Return the file of a network's weights: the one that is named, or of the cache, or fetched.

    Raises:
        UserError: it is not here and cannot be had, or has the wrong hash.
    """
    source = SOURCES[name]
    if file is not None:
        if not file.is_file():
            raise UserError(f"{file}: no such weights file")
        return file
    path = weights_path(name)
    if source.fetched:
        if not path.exists():
            _download(source)
        verified(path, torchvision_hash(source.url))
        return path
    if not path.is_file():
        raise UserError(
            f"the weights of {source.title} are not here: download {source.url} and name the file "
            f"with {source.option} FILE, or put it at {path}; its SHA-256 is kept with the numbers"
        )
    return path


def weights_path(name: str) -> Path:
    """Where a network's weights lie, or would lie, if no file is named."""
    url = SOURCES[name].url
    return torchvision_path(url) if SOURCES[name].fetched else cache_folder() / Path(url).name


def _download(source: InceptionSource) -> None:
    try:
        download_torchvision(source.url)
    except UserError as error:
        raise UserError(
            f"the weights of {source.title} are not here and {source.url} cannot be reached: "
            f"name a file of them with {source.option} FILE"
        ) from error


def _trunk(path: Path, wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Read the part of a state dict that the features go through."""
    try:
        stored: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found = {name: value for name, value in stored.items() if not name.startswith(_HEADS)}
        shapes = {name: value.shape for name, value in found.items()}
    except Exception as error:  # any reader's complaint about a file that is not what it says
        raise UserError(f"{path}: cannot be read as a state dict of Inception-v3") from error
    if shapes != {name: value.shape for name, value in wanted.items()}:
        raise UserError(f"{path}: is no state dict of Inception-v3 in torchvision's naming")
    return found
