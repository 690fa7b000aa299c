"""LST with weights that were trained for this suite: how they are trained, and read.

As the authors train: the encoder is fixed, and with T the output's, S the style's and C the
content's features, each layer's of c channels and N places,

    L = |T_4 - C_4|^2 (the mean over values)
        + 0.02 sum_i (|mean(T_i) - mean(S_i)|^2 + |T_i T_i' - S_i S_i'|^2 / (c N)^2) (sums)

over relu1_1, relu2_1, relu3_1, relu4_1. Other than theirs: the encoder is
`baselines.own_vgg.OwnVGG`; the decoder begins by regression (`baselines.train.regression`) and is
then trained together with the transform; the transform begins near the identity, and compresses to
the principal components of the features; crops have 128 pixels. Only relu3_1 is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from baselines.checkpoints import fill
from baselines.crops import Crops
from baselines.lst.network import LEVELS, SIZE, LSTNetwork, Transform, decoder
from baselines.own_vgg import LAYERS, MEASURED, read_trained
from baselines.train.task import Task
from dfr.core.errors import UserError

LAYER = "relu3_1"
#: Channels of the decoder of this suite, see `baselines.adain.network.decoder`.
WIDTHS = (512, 256, 128, 64)
STYLE_WEIGHT = 0.02
#: Share of the rate that the transform's parameters have.
TRANSFORM_RATE = 0.003


class TransformTask(Task):
    """The training of the transform, with its decoder."""

    layer = LAYER
    network: LSTNetwork

    def __init__(
        self,
        contents: Crops,
        styles: Crops,
        device: torch.device,
        widths: tuple[int, int, int, int] = WIDTHS,
    ) -> None:
        super().__init__(contents, styles, device, widths)
        self.decoder = made = decoder(LAYER, widths)
        transform = Transform(LEVELS[LAYER])
        self.trained = nn.ModuleDict({"decoder": made, "transform": transform})
        self.trained.to(device).to(memory_format=torch.channels_last)
        self.network = LSTNetwork(LAYER, self.encoder, transform, made)

    def losses(
        self, contents: list[int], styles: list[int], share: float
    ) -> Mapping[str, torch.Tensor]:
        """Return the terms of the loss; see `baselines.train.task.Task.losses`."""
        wanted = torch.stack([self.contents[number] for number in contents]).to(self.device)
        with torch.no_grad():
            inside = self.network.encoder(wanted, (LAYER, LAYERS[-1]))
            paintings = torch.stack([self.styles[number] for number in styles]).to(self.device)
            told = self.network.encoder(paintings, LAYERS)
        look = self.network.transform.look(told[LAYER])
        picture = self.decoder(self.network.transform(inside[LAYER], look))
        seen = self.network.encoder(picture, LAYERS)
        apart = [style_loss(seen[layer], told[layer]) for layer in LAYERS]
        return {
            "content": nn.functional.mse_loss(seen[LAYERS[-1]], inside[LAYERS[-1]]),
            "style": share * STYLE_WEIGHT * torch.stack(apart).sum(),
        }

    @torch.no_grad()
    def begin(self, seed: int, report: Callable[[int, int], None]) -> None:
        """Fit the decoder, and let the transform keep the principal components."""
        super().begin(seed, report)
        pictures = self.beginning()
        seen = [
            self.encoder(picture.unsqueeze(0).to(self.device), (LAYER,))[LAYER][0].flatten(1).cpu()
            for picture in pictures[:: -(-len(pictures) // MEASURED)]
        ]
        components = torch.linalg.eigh(torch.cov(torch.cat(seen, 1))).eigenvectors[:, -SIZE:]
        _near_identity(self.network.transform, components.to(self.device))

    def target(self, contents: list[int], styles: list[int]) -> torch.Tensor:
        """Return the features that the transform makes of pairs."""
        content, style = (
            self.encoder(torch.stack([crops[k] for k in numbers]).to(self.device), (LAYER,))[LAYER]
            for crops, numbers in ((self.contents, contents), (self.styles, styles))
        )
        transform = self.network.transform
        mapped: torch.Tensor = transform(content, transform.look(style))
        return mapped

    def others(self) -> list[tuple[nn.Parameter, float]]:
        """Return the transform's parameters: each of its values acts on all features at once."""
        return [(each, TRANSFORM_RATE) for each in self.network.transform.parameters()]

    def about(self) -> dict[str, Any]:
        """Return the level and the decoder's widths."""
        return {"layer": LAYER, **super().about()}


def style_loss(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the style loss of one layer, a number, for features (n, c, h, w) of both."""
    means = found.mean((2, 3)) - wanted.mean((2, 3))
    grams = _gram(found) - _gram(wanted)
    return (means.square().sum() + grams.square().sum()) / len(found)


def read_own(path: Path, layer: str) -> LSTNetwork:
    """Read a network that was trained for this suite.

    Args:
        path: the file that the training writes.
        layer: the level that is asked for.

    Raises:
        UserError: it cannot be read, or is another network's or level's.
    """
    found = read_trained(path, "lst", "LST")
    if (level := found.told.get("layer", LAYER)) != layer:
        raise UserError(f"{path}: is of {level}, not of {layer}; add --set layer={level}")
    trained = nn.ModuleDict(
        {"decoder": decoder(layer, found.widths), "transform": Transform(LEVELS[layer])}
    )
    fill(trained, found.tensors, "LST's decoder and transform", path)
    made, transform = trained["decoder"], trained["transform"]
    assert isinstance(made, nn.Sequential)
    assert isinstance(transform, Transform)
    return LSTNetwork(layer, found.encoder, transform, made).eval()


def _gram(features: torch.Tensor) -> torch.Tensor:
    rows = features.flatten(2)
    return rows @ rows.mT / (rows.shape[1] * rows.shape[2])


@torch.no_grad()
def _near_identity(transform: Transform, components: torch.Tensor) -> None:
    """Let the matrix be the identity, and compressing keep the components, columns of (c, 32)."""
    for net in (transform.snet, transform.cnet):
        net.fc.weight.mul_(0.1)
        net.fc.bias.copy_(torch.eye(SIZE).flatten())
    transform.compress.weight.copy_(components.T[:, :, None, None])
    transform.unzip.weight.copy_(components[:, :, None, None])
    for layer in (transform.compress, transform.unzip):
        assert layer.bias is not None
        layer.bias.zero_()
