"""What a measure over a whole run may look at: every output with its pair, and cached features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from dfr.core.files import write_whole

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KeptPicture:
    """A picture of a run.

    Attributes:
        sha256: of its file, or of what else it is known by.
        load: returns it as (1, 3, h, w) in [0, 1].
    """

    sha256: str
    load: Callable[[], torch.Tensor]


@dataclass(frozen=True)
class RunOutput:
    """One output of a run.

    Attributes:
        content: the content picture at the size of the output.
        style: the style picture, likewise.
        picture: the output.
        measures: what was measured on it alone, by column.
    """

    content: KeptPicture
    style: KeptPicture
    picture: KeptPicture
    measures: Mapping[str, float]


class FeatureNetwork(Protocol):
    """What turns a picture into a row of features."""

    @property
    def sha256(self) -> str:
        """Of the weights."""
        ...

    @property
    def name(self) -> str:
        """Of the network."""
        ...

    def __call__(self, picture: torch.Tensor) -> torch.Tensor:
        """Return (c,) of (1, 3, h, w) in [0, 1]."""
        ...


@dataclass(frozen=True)
class RunContext:
    """A run, for the measures over it.

    Attributes:
        groups: (label, mode) -> the outputs of that name, one for each pair it was made of.
        networks: name -> the network, of those that the measures need.
        cache: folder in which features are kept from one call to the next.
    """

    groups: Mapping[tuple[str, str], Sequence[RunOutput]]
    networks: Mapping[str, FeatureNetwork]
    cache: Path
    _seen: dict[tuple[str, str], Array] = field(default_factory=dict, compare=False)

    def features(self, pictures: Sequence[KeptPicture], network: str) -> Array:
        """Return the features of pictures, (n, c): of each picture computed once and kept.

        They are kept under the hashes of the weights and of the picture, so that they cannot be
        those of another picture or network.

        Args:
            pictures: any of the run's.
            network: name of one of `networks`.
        """
        used = self.networks[network]
        folder = self.cache / f"{used.name}-{used.sha256[:16]}"
        return np.stack([self._row(picture, used, folder) for picture in pictures])

    def _row(self, picture: KeptPicture, network: FeatureNetwork, folder: Path) -> Array:
        key = (network.name, picture.sha256)
        if key not in self._seen:
            path = folder / f"{picture.sha256}.npy"
            if not path.is_file():
                found = network(picture.load()).double().numpy()
                write_whole(path, lambda file: np.save(file, found))
            row: Array = np.load(path)
            self._seen[key] = row
        return self._seen[key]
