"""AdaIN with weights that were trained for this suite: how they are trained, and read.

As the paper trains (section 6): the encoder is fixed, and the decoder learns to paint a picture
whose features are the target t = AdaIN(f(c), f(s)). With g the decoder, and mu and sigma as in
`baselines.adain.network.statistics`,

    L_c = |f(g(t)) - t|^2                                                  (eq. 12)
    L_s = sum_i |mu(phi_i(g(t))) - mu(phi_i(s))|^2 + the same of sigma     (eq. 13)
    L = L_c + lambda L_s                                                   (eq. 11)

over phi_i = relu1_1, relu2_1, relu3_1, relu4_1, all as means of squares, as PyTorch's port has it.
Other than the paper: the encoder is `baselines.own_vgg.OwnVGG`, lambda grows to its value (10, as
in PyTorch's port), crops have 128 pixels (the paper: 256), the decoder begins by regression
(`baselines.train.regression`), and Adam has other coordinates (`baselines.train.whitening`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from baselines.adain.network import LAYER, AdaINNetwork, Statistics, adain, decoder, statistics
from baselines.checkpoints import fill
from baselines.crops import Crops
from baselines.own_vgg import LAYERS, read_trained
from baselines.train.task import Task

#: Channels of the decoder of this suite, see `baselines.adain.network.decoder`.
WIDTHS = (512, 256, 128, 64)
STYLE_WEIGHT = 10.0


class DecoderTask(Task):
    """The training of the decoder.

    What the encoder sees in a crop does not change, so it is kept: relu4_1 of photographs in 16
    bits, of paintings the statistics.
    """

    layer = LAYER
    trained: nn.Sequential
    network: AdaINNetwork

    def __init__(
        self,
        contents: Crops,
        styles: Crops,
        device: torch.device,
        widths: tuple[int, int, int, int] = WIDTHS,
    ) -> None:
        super().__init__(contents, styles, device, widths)
        self.trained = self.decoder = decoder(widths)
        self.trained.to(device).to(memory_format=torch.channels_last)
        self.network = AdaINNetwork(self.encoder, self.trained)
        self._inside: dict[int, torch.Tensor] = {}
        self._seen: dict[int, dict[str, Statistics]] = {}

    def losses(
        self, contents: list[int], styles: list[int], share: float
    ) -> Mapping[str, torch.Tensor]:
        """Return the terms of the loss; see `baselines.train.task.Task.losses`."""
        wanted_style = {layer: self._styles(styles, layer) for layer in LAYERS}
        target = self.target(contents, styles)
        seen = self.network.encoder(self.trained(target), LAYERS)
        apart = [
            nn.functional.mse_loss(found, wanted)
            for layer in LAYERS
            for found, wanted in zip(statistics(seen[layer]), wanted_style[layer], strict=True)
        ]
        return {
            "content": nn.functional.mse_loss(seen[LAYER], target),
            "style": share * STYLE_WEIGHT * torch.stack(apart).sum(),
        }

    def target(self, contents: list[int], styles: list[int]) -> torch.Tensor:
        """Return t of eq. 12."""
        inside = torch.cat([self._content(number) for number in contents]).to(self.device).float()
        return adain(inside, self._styles(styles, LAYER))

    def _styles(self, numbers: list[int], layer: str) -> Statistics:
        told = [self._style(number)[layer] for number in numbers]
        return Statistics(*(torch.cat(parts) for parts in zip(*told, strict=True)))

    @torch.no_grad()
    def _content(self, number: int) -> torch.Tensor:
        if number not in self._inside:
            crop = self.contents[number].unsqueeze(0).to(self.device)
            self._inside[number] = self.network.look_at_content(crop).half()
        return self._inside[number]

    @torch.no_grad()
    def _style(self, number: int) -> dict[str, Statistics]:
        if number not in self._seen:
            crop = self.styles[number].unsqueeze(0).to(self.device)
            seen = self.network.encoder(crop, LAYERS)
            self._seen[number] = {layer: statistics(seen[layer]) for layer in LAYERS}
        return self._seen[number]


def read_own(path: Path) -> AdaINNetwork:
    """Read a network that was trained for this suite.

    Args:
        path: the file that the training writes.

    Raises:
        UserError: it cannot be read, or is another network's.
    """
    found = read_trained(path, "adain", "AdaIN")
    made = decoder(found.widths)
    fill(made, found.tensors, "AdaIN's decoder", path)
    return AdaINNetwork(found.encoder, made.to(memory_format=torch.channels_last)).eval()
