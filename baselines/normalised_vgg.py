"""The encoder that AdaIN, LST, SAFIN and AdaAttN share: VGG-19, normalised and reflecting.

Normalised: each filter of VGG-19 (Simonyan and Zisserman, 2015) is scaled so that it answers with
1 in the mean over natural pictures and places (Gatys et al., 2015), which leaves the network's
predictions as they were. Huang and Belongie (ICCV 2017) put a 1 x 1 convolution before it, which
turns RGB of [0, 1] into BGR of 0..255 minus the mean, and pad by reflection, since zeros at the
borders show as frames in what a decoder paints.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from baselines.checkpoints import fill
from baselines.sides import check_sides

#: Channels of the convolutions of each block.
BLOCKS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)


def _layers(ceil: bool) -> tuple[list[nn.Module], dict[str, int]]:
    """Return all modules in order, and name of a layer -> how many modules lead to it."""
    modules: list[nn.Module] = [nn.Conv2d(3, 3, 1)]
    ends, channels = {}, 3
    for block, widths in enumerate(BLOCKS, 1):
        if block > 1:
            modules.append(nn.MaxPool2d(2, 2, ceil_mode=ceil))
        for number, width in enumerate(widths, 1):
            modules += [nn.ReflectionPad2d(1), nn.Conv2d(channels, width, 3), nn.ReLU()]
            ends[f"relu{block}_{number}"], channels = len(modules), width
    return modules, ends


class NormalisedVGG(nn.Module):
    """Features of pictures, (n, 3, h, w) RGB in [0, 1] -> layer -> (n, c, h', w').

    Keys and shapes of its ``state_dict`` are those of the file ``vgg_normalised.pth`` that is in
    use with PyTorch: ``0.weight`` of the 1 x 1 convolution, ``2.weight`` of conv1_1, and so on,
    counting every padding, convolution, ReLU and pooling.

    Args:
        deepest: the last layer, such as ``"relu4_1"``.
        ceil: whether pooling rounds odd sides up, as the files' converter has it, or down.
    """

    def __init__(self, deepest: str = "relu4_1", ceil: bool = True) -> None:
        super().__init__()
        with torch.device("meta"):  # no time for random numbers that are not used
            modules, ends = _layers(ceil)
        self.deepest, self._ceil = deepest, ceil
        self.ends = {name: end for name, end in ends.items() if end <= ends[deepest]}
        self.layers = nn.Sequential(*modules[: ends[deepest]])

    @property
    def smallest(self) -> int:
        """The side that a picture must have at least: reflection needs two values."""
        pools = int(self.deepest[4]) - 1
        return int(2**pools + 1 if self._ceil else 2 ** (pools + 1))

    def forward(
        self, pictures: torch.Tensor, layers: Sequence[str] = ()
    ) -> dict[str, torch.Tensor]:
        """Return the features of the layers, in order; of the deepest if none is named.

        Raises:
            UserError: the pictures are too small for the deepest layer.
        """
        check_sides(pictures, self.smallest, self.deepest)
        wanted = {self.ends[name]: name for name in layers or (self.deepest,)}
        found, features = {}, pictures
        for count, module in enumerate(self.layers, 1):
            features = module(features)
            if count in wanted:
                found[wanted[count]] = features
            if len(found) == len(wanted):
                break
        return {name: found[name] for name in layers or (self.deepest,)}


def load_encoder(
    tensors: Mapping[str, torch.Tensor],
    path: Path,
    deepest: str = "relu4_1",
    what: str = "the normalised VGG-19",
    ceil: bool = True,
    spare: Collection[str] | None = None,
) -> NormalisedVGG:
    """Make the encoder from the tensors of its file.

    Args:
        tensors: key -> tensor, as `baselines.checkpoints.read_tensors` gives them. Deeper layers
            of the network than the deepest may be there, as they are in the usual file.
        path: where they came from, for messages.
        deepest: see `NormalisedVGG`.
        what: for messages.
        ceil: see `NormalisedVGG`.
        spare: keys that may be there besides; those of the deeper layers if None.

    Raises:
        UserError: it is another network, or of other shapes.
    """
    encoder = NormalisedVGG(deepest, ceil)
    if spare is None:
        with torch.device("meta"):
            spare = set(nn.Sequential(*_layers(ceil)[0]).state_dict())
    encoder.layers.to_empty(device="cpu")
    fill(encoder.layers, tensors, what, path, spare)
    return encoder.eval()
