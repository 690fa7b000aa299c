"""How a decoder begins: convolution by convolution, by regression.

A decoder here mirrors VGG-19: after its k-th convolution and ReLU it has as many channels as the
encoder has at that depth, and may as well have the encoder's own features there (pooled ones before
an upsampling). So each convolution in turn is fitted to give them from what the ones before it
give, by ridge regression over places of many pictures. What a ReLU cuts off need not be met: where
the feature wanted is 0, any prediction below 0 is as good. So the regression is done some times,
each time with the last prediction, cut at 0 from above, in the place of those zeros.

Minutes of this replace thousands of steps of descent: AdaIN's decoder of 3.5 million parameters
paints photographs again with 20 dB after three minutes of one core. It is not in the papers, which
begin with random parameters and train for days. The steps after it have the papers' losses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn
from torch.nn import functional

from baselines.own_vgg import OwnVGG, own_name
from baselines.train.whitening import convolutions_of

#: Places over which a convolution is fitted.
PLACES = 30_000
#: Regressions of a convolution that a ReLU follows.
ROUNDS = 3
#: What is added to the diagonal of the normal equations, as a part of its mean.
RIDGE = 1e-4
#: VGG-19 from relu4_1 back to the picture; pooled where it is halved.
_BACK = (
    "block3_conv4 pooled", "block3_conv3", "block3_conv2", "block3_conv1",
    "block2_conv2 pooled", "block2_conv1", "block1_conv2 pooled", "block1_conv1",
)  # fmt: skip


@torch.no_grad()
def fit_decoder(
    decoder: nn.Sequential,
    layer: str,
    encoder: OwnVGG,
    pictures: Sequence[torch.Tensor],
    seed: int,
    report: Callable[[int, int], None] = lambda _, __: None,
) -> list[float]:
    """Give a decoder's convolutions the parameters that paint pictures again.

    Args:
        decoder: as `baselines.adain.network.decoder` makes it, or the end of one; a narrower one
            gets the channels that vary most.
        layer: whose features it takes, such as ``relu4_1``.
        encoder: gives them.
        pictures: each (3, h, w), sides multiples of 8.
        seed: of the places.
        report: told how many convolutions are done, of how many.

    Returns:
        for each convolution, the part of the variance of what it was to give that it gives.
    """
    device = next(decoder.parameters()).device
    convolutions = convolutions_of(decoder)
    wanted = (*_BACK, "")[-len(convolutions) :]
    explained = []
    places = -(-PLACES // len(pictures))
    for done, ((key, convolution), name) in enumerate(
        zip(convolutions.items(), wanted, strict=True)
    ):
        before = decoder[: int(key)]
        chosen = _places(before, layer, encoder, pictures, name, places, seed, device)
        patches, features = (torch.cat(part) for part in zip(*chosen, strict=True))
        if name:
            strongest = features.var(0).argsort(descending=True)[: convolution.out_channels]
            features = features[:, strongest.sort().values]
            features /= features.mean(0).clamp(min=0.05 * float(features.mean()))
        weight, bias, given = _fitted(patches, features, ROUNDS if name else 1)
        assert convolution.bias is not None
        convolution.weight.copy_(weight.T.view_as(convolution.weight))
        convolution.bias.copy_(bias)
        given = given.relu() if name else given
        left = (given - features).square().sum() / (features - features.mean(0)).square().sum()
        explained.append(1 - float(left))
        report(done + 1, len(convolutions))
    return explained


def _places(
    before: nn.Sequential,
    layer: str,
    encoder: OwnVGG,
    pictures: Sequence[torch.Tensor],
    name: str,
    count: int,
    seed: int,
    device: torch.device,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield for each picture what a convolution sees at some places, and what it is to give."""
    generator = torch.Generator().manual_seed(seed)
    source, _, pooled = name.partition(" ")
    for picture in pictures:
        here = picture.unsqueeze(0).to(device)
        found = encoder.vgg(here, [own_name(layer), *([source] if source else [])])
        inside = found[own_name(layer)] / encoder.get_buffer(layer)
        features = found[source] if source else here
        if pooled:
            features = functional.max_pool2d(features, 2)
        seen = before(inside)
        # The decoder's padding is done by `before`, so there are as many patches as places.
        patches = functional.unfold(seen, 3)[0].T
        features = features[0].flatten(1).T
        some = torch.randperm(len(patches), generator=generator)[:count].to(device)
        yield patches[some].cpu(), features[some].cpu()  # float64 is not everywhere


def _fitted(
    patches: torch.Tensor, features: torch.Tensor, rounds: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return weight (c, d), bias (d,) and the prediction (n, d) of the ridge regression.

    Args:
        patches: (n, c).
        features: (n, d).
        rounds: more than one: zeros of the features stand for all that is not above 0.
    """
    centre = patches.mean(0)
    rows = patches - centre
    # Fewer places than values: the same solution from the matrix of places (n, n), w = X' a.
    few = len(rows) < rows.shape[1]
    products = (rows @ rows.T if few else rows.T @ rows).double()
    ridge = RIDGE * float(rows.square().sum() / rows.shape[1])
    products.diagonal().add_(max(ridge, 1e-12))
    root = torch.linalg.cholesky(products)
    targets = features
    for _ in range(rounds):
        middle = targets.mean(0)
        apart = targets - middle
        if few:
            weight = rows.T @ torch.cholesky_solve(apart.double(), root).to(rows.dtype)
        else:
            weight = torch.cholesky_solve((rows.T @ apart).double(), root).to(rows.dtype)
        given = rows @ weight + middle
        targets = torch.where(features > 0, features, given.clamp(max=0))
    return weight, middle - centre @ weight, given
