"""What runs in a worker process of a Ray cluster, and what travels to it and back."""

from __future__ import annotations

import hashlib
import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dfr.core.devices import choose_device, make_process_repeatable
from dfr.core.errors import UserError
from dfr.core.provenance import environment
from dfr.methods.method import Stylization
from dfr.network.weights import Vgg19Weights
from eval.data.dataset import Picture
from eval.executors.levels import Levels, without_pictures
from eval.executors.ray.cluster import Cluster
from eval.measures.pca_bases import PcaBases
from eval.runs.cell import make_cells
from eval.runs.executor import Recipe
from eval.runs.profiles import MethodEntry
from eval.runs.tools import Tools

#: A cell on its way back: the stylization without its pictures, these, and the row of the store.
SentCell = tuple[Stylization, Levels, dict[str, Any]]


@dataclass(frozen=True)
class Parcel:
    """A picture on its way to a worker.

    Attributes:
        name: for messages.
        suffix: of the file.
        sha256: of the content.
        content: the file's bytes.
    """

    name: str
    suffix: str
    sha256: str
    content: bytes

    @classmethod
    def of(cls, picture: Picture) -> Parcel:
        """Pack a picture.

        Raises:
            UserError: the file is not the one that the run began with.
        """
        try:
            content = picture.path.read_bytes()
        except OSError as error:
            raise UserError(f"{picture.path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != picture.sha256:
            raise UserError(f"{picture.path}: was changed while the run was going")
        return cls(picture.path.name, picture.path.suffix, picture.sha256, content)

    def unpack(self, path: Path) -> Path:
        """Write the picture to ``path`` with its suffix, and return where it is.

        Raises:
            UserError: it is not what was sent.
        """
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise UserError(f"{self.name}: arrived damaged on {platform.node()}")
        target = path.with_suffix(self.suffix)
        target.write_bytes(self.content)
        return target


@dataclass(frozen=True)
class Kit:
    """What a worker is begun with.

    Attributes:
        recipe: for the workers, without files.
        weights: VGG-19's, so that no worker needs the file.
        bases: fitted once, to contents that workers do not have.
        cluster: what a worker takes of its node.
    """

    recipe: Recipe
    weights: Vgg19Weights
    bases: PcaBases
    cluster: Cluster


class Worker:
    """Makes cells in one process of the cluster.

    Args:
        kit: what it needs.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.tools: Tools | None = None

    def load(self) -> Mapping[str, Any]:
        """Load the networks, once, and tell where this process computes.

        Raises:
            UserError: weights or the device are not to be had on this node.
        """
        import ray

        recipe, cluster = self.kit.recipe, self.kit.cluster
        make_process_repeatable()
        torch.set_num_threads(recipe.threads)
        device = choose_device(recipe.device)
        me = ray.get_runtime_context().get_node_id()
        beside = cluster.room([node for node in ray.nodes() if node["NodeID"] == me])
        here = environment(device, recipe.threads, max(1, beside))
        here |= {"executor": "ray", "node": platform.node()}
        self.tools = Tools.make(
            self.kit.weights, recipe.precision, device, here, recipe.seed, (), recipe.images,
            self.kit.bases,
        )  # fmt: skip
        return here

    def make(self, entry: MethodEntry, *pictures: Parcel) -> tuple[list[SentCell], list[str]]:
        """Make the cells of a batch.

        Args:
            entry: the method.
            pictures: content and style of each pair, one after the other.

        Returns:
            the cells, and lines of what a person should be told.
        """
        assert self.tools is not None
        told: list[str] = []
        with tempfile.TemporaryDirectory(prefix="dfr-") as folder:
            paths = [
                picture.unpack(Path(folder) / str(place)) for place, picture in enumerate(pictures)
            ]
            pairs = list(zip(paths[::2], paths[1::2], strict=True))
            cells: list[SentCell] = [
                (*without_pictures(result), row)
                for result, row in make_cells(pairs, entry, self.tools, tell=told.append)
            ]
        return cells, told
