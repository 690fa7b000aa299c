"""What all cells of a run share: networks, how pictures are loaded, and where the run happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from dfr.core import devices
from dfr.core.image_settings import ImageSettings
from dfr.network.encoder import Encoder
from dfr.network.lpips import TRUNKS, Lpips
from dfr.network.weights import Vgg19Weights
from eval.measures.pca_bases import PcaBases, fit_bases


@dataclass(frozen=True)
class Tools:
    """What every cell of a run shares.

    Attributes:
        encoder: stylizes, in the profile's precision.
        ruler: measures, in fp32.
        images: how pictures are loaded and kept.
        lpips: trunk -> the LPIPS distance: ``alex`` and ``vgg``.
        bases: the E statistic's directions, fitted to the run's contents.
        environment: where the run happens, see `dfr.core.provenance.environment`.
        seed: of everything random.
    """

    encoder: Encoder
    ruler: Encoder
    images: ImageSettings
    lpips: Mapping[str, Lpips]
    bases: PcaBases
    environment: Mapping[str, Any]
    seed: int

    @classmethod
    def make(
        cls,
        weights: Vgg19Weights,
        precision: str,
        device: torch.device,
        environment: Mapping[str, Any],
        seed: int,
        contents: Iterable[Path],
        images: ImageSettings,
        bases: PcaBases | None = None,
        graphs: bool = True,
    ) -> Tools:
        """Load the networks onto a device, and fit what is fitted to the run's contents.

        This comes first in each process of a run, so it makes the process repeatable.

        Where that was fitted before, ``bases`` is it, and no contents are looked at.
        """
        devices.make_process_repeatable()
        ruler = Encoder(weights, graphs=graphs).to(device)
        return cls(
            encoder=(
                ruler
                if precision == "fp32"
                else Encoder(weights, precision=precision, graphs=graphs).to(device)
            ),
            ruler=ruler,
            images=images,
            lpips={trunk: lpips_of(trunk, device) for trunk in TRUNKS},
            bases=bases
            or fit_bases((images.quantise(images.load(path)) for path in contents), ruler),
            environment=environment,
            seed=seed,
        )


@lru_cache(2 * len(TRUNKS))
def lpips_of(trunk: str, device: torch.device) -> Lpips:
    """Load a trunk, once a process: its file is hashed whenever it is read."""
    return Lpips(trunk, device)
