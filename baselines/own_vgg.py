"""The suite's own VGG-19, normalised: the encoder of the networks that were trained for the suite.

The published normalised VGG-19 is a file of 80 MB that many people cannot fetch. This one is made
of the weights that the suite has anyway: each channel of a layer is divided by its mean activation
over the training pictures (Gatys et al., 2015, scale the filters, which is the same). It differs
from the published one in its borders, which are zeros as in VGG-19, not reflections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from baselines import compact
from baselines.crops import Crops
from baselines.sides import check_sides, filled
from dfr.core.errors import UserError
from dfr.network.encoder import Encoder
from dfr.network.precisions import cheap_precision
from dfr.network.weights import load_vgg19

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
#: Photographs over which the channels' means are taken in a training, at most.
MEASURED = 64
#: A channel's mean counts as this part of its layer's at least: some hardly ever answer.
LEAST = 0.05
#: The side that a picture must have at least: two places of relu4_1.
SMALLEST = 9


def own_name(layer: str) -> str:
    """Return the name of a layer in `dfr.network.encoder`, such as ``block4_conv1``."""
    return f"block{layer[4]}_conv{layer[6]}"


class OwnVGG(nn.Module):
    """Features of pictures, (n, 3, h, w) RGB in [0, 1] -> layer -> (n, c, h', w').

    Sides are filled up to multiples of 8 by repeating the border, at the right and the bottom.

    Args:
        means: layer -> (c,) mean activations; see `measure_means`.
        vgg: the network; the suite's default weights in float32 if None.
    """

    def __init__(self, means: Mapping[str, torch.Tensor], vgg: Encoder | None = None) -> None:
        super().__init__()
        self.vgg, self.smallest = vgg or Encoder(load_vgg19()), SMALLEST
        for layer in LAYERS:
            least = LEAST * means[layer].mean()
            self.register_buffer(layer, means[layer].clamp(min=float(least)).view(1, -1, 1, 1))

    def forward(
        self, pictures: torch.Tensor, layers: Sequence[str] = ("relu4_1",)
    ) -> dict[str, torch.Tensor]:
        """Return the features of the layers, in order.

        Raises:
            UserError: the pictures are too small.
        """
        check_sides(pictures, SMALLEST, "relu4_1")
        if any(side % 8 for side in pictures.shape[-2:]):
            pictures = filled(pictures, 8, "replicate")
        found = self.vgg(pictures, [own_name(layer) for layer in layers])
        return {layer: found[own_name(layer)] / self.get_buffer(layer) for layer in layers}


@torch.no_grad()
def measure_means(vgg: Encoder, pictures: Iterable[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return layer -> (c,) mean activations over pictures (n, 3, h, w) and places."""
    sums, count = dict[str, torch.Tensor](), 0
    for batch in pictures:
        found = vgg(batch.to(vgg.device), [own_name(layer) for layer in LAYERS])
        for layer in LAYERS:
            mean = found[own_name(layer)].mean((0, 2, 3)) * len(batch)
            sums[layer] = sums.get(layer, torch.zeros_like(mean)) + mean
        count += len(batch)
    return {layer: total / count for layer, total in sums.items()}


def encoder_of(contents: Crops, device: torch.device) -> tuple[OwnVGG, dict[str, torch.Tensor]]:
    """Make the encoder of a training, with the means over some of its photographs.

    Its gradients are as cheap as the device has them.

    Args:
        contents: the photographs.
        device: where it is to be.
    """
    vgg = Encoder(load_vgg19(), precision=cheap_precision(device)).to(device)
    numbers = range(0, len(contents), contents.variants)
    numbers = numbers[:: -(-len(numbers) // MEASURED)]
    means = measure_means(vgg, (contents[number].unsqueeze(0) for number in numbers))
    return OwnVGG(means, vgg).to(device), means


class Trained(NamedTuple):
    """What a file holds that a training of this suite wrote.

    Attributes:
        encoder: with the means of that training.
        widths: of the decoder, see `baselines.adain.network.decoder`.
        tensors: of the trained part, by their keys in it.
        told: what the file tells of the network, see `baselines.compact.read`.
    """

    encoder: OwnVGG
    widths: tuple[int, int, int, int]
    tensors: dict[str, torch.Tensor]
    told: Mapping[str, Any]


def read_trained(path: Path, network: str, title: str) -> Trained:
    """Read the file that the training of a network writes.

    Args:
        path: the file.
        network: the method's name.
        title: of the network, for messages.

    Raises:
        UserError: it cannot be read, or is another network's.
    """
    tensors, told = compact.read(path, network)
    try:
        means = {layer: tensors.pop(f"means.{layer}") for layer in LAYERS}
        first, second, third, fourth = map(int, told["widths"])
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{path}: is not {title} as this suite trains it ({error} missing)"
        ) from error
    named = {key.removeprefix("trained."): each for key, each in tensors.items()}
    return Trained(OwnVGG(means), (first, second, third, fourth), named, told)
