"""Adam on a decoder, in coordinates in which its convolutions see white inputs.

The features that a convolution sees are far from 0 and depend on one another, so a step of Adam
that moves every weight a little moves what comes out by much, always in the same few directions:
at rates that do not spoil a decoder at once, it hardly learns. With x what a convolution sees at a
place (all values under its kernel), m its mean and C its covariance over places, its output is

    W x + b = V z + a,   z = C^(-1/2) (x - m),   V = W C^(1/2),   a = b + W m,

and Adam's steps are done on V and a: z has mean 0 and covariance 1. This is the whitening of
Desjardins et al., "Natural Neural Networks" (NeurIPS 2015), with means and covariances of the
beginning. Measured on AdaIN's decoder after its regression, 60 such steps brought the style loss to
where 50 of plain Adam had left twice as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

#: Places over which means and covariances are taken.
PLACES = 18_000
#: What is added to a covariance's diagonal, as a part of its mean: directions in which the inputs
#: of the beginning hardly differ are not to be moved along by much.
RIDGE = 0.03
#: Of Adam, for means of gradients and of their squares.
BETAS = (0.9, 0.99)
#: First steps, in which the rate grows to its value.
GROWTH = 20
#: A gradient is shortened to this multiple of the mean length so far, which forgets by `PAST`: one
#: odd pair would move a decoder by many steps.
LONGEST = 2.0
PAST = 0.95


class Whitening(NamedTuple):
    """What a convolution sees: the mean (c,), and the root (c, c) of the inverse covariance."""

    mean: torch.Tensor
    root: torch.Tensor


def convolutions_of(decoder: nn.Sequential) -> dict[str, nn.Conv2d]:
    """Return a decoder's convolutions by their keys, in order."""
    return {key: each for key, each in decoder.named_children() if isinstance(each, nn.Conv2d)}


@torch.no_grad()
def whitenings(
    decoder: nn.Sequential, features: Sequence[torch.Tensor], seed: int
) -> Iterator[Whitening]:
    """Yield the whitening of each convolution of a decoder, in order.

    Args:
        decoder: of convolutions whose padding is done before them.
        features: what it decodes, each (1, c, h, w).
        seed: of the places.
    """
    generator, done = torch.Generator().manual_seed(seed), 0
    count = -(-PLACES // len(features))
    for key in convolutions_of(decoder):
        features = [decoder[done : int(key)](each) for each in features]
        done = int(key)
        seen = []
        for each in features:
            patches = functional.unfold(each, 3)[0].T
            some = torch.randperm(len(patches), generator=generator)[:count]
            seen.append(patches[some.to(patches.device)].cpu())
        rows = torch.cat(seen)
        mean = rows.mean(0)
        yield Whitening(mean, inverse_root((rows - mean) / len(rows) ** 0.5))


def inverse_root(rows: torch.Tensor) -> torch.Tensor:
    """Return (C + r I)^(-1/2), (c, c), for C = X' X of rows X (n, c), and r by `RIDGE`."""
    places, values = rows.shape
    ridge = max(RIDGE * float(rows.square().sum()) / values, 1e-12)
    if places >= values:
        squares, directions = torch.linalg.eigh(rows.T @ rows)
        full: torch.Tensor = (directions * (squares.clamp(min=0) + ridge).rsqrt()) @ directions.T
        return full
    # Few places: what is not in their span has the variance 0, all of it alike.
    squares, sides = torch.linalg.eigh(rows @ rows.T)
    found = squares > 1e-6 * squares[-1]
    squares, spanned = squares[found], rows.T @ sides[:, found]  # directions, times their roots
    beyond = ridge**-0.5
    root: torch.Tensor = (spanned * (((squares + ridge).rsqrt() - beyond) / squares)) @ spanned.T
    root.diagonal().add_(beyond)
    return root


class WhitenedAdam:
    """Adam on convolutions in white coordinates, and on other parameters as they are.

    Args:
        convolutions: with the whitening of each.
        others: further parameters, each with its share of the rate.
    """

    def __init__(
        self,
        convolutions: Iterable[tuple[nn.Conv2d, Whitening]],
        others: Iterable[tuple[nn.Parameter, float]] = (),
    ) -> None:
        self._others, self._steps, self._length = list(others), 0, 0.0
        groups = list[dict[str, Any]]()
        self._white: list[tuple[nn.Conv2d, Whitening, torch.Tensor, torch.Tensor]] = []
        for convolution, whitening in convolutions:
            assert convolution.bias is not None
            device = convolution.weight.device
            moved = torch.zeros_like(convolution.weight).flatten(1)
            shift = torch.zeros_like(convolution.bias)
            here = Whitening(*(each.to(device) for each in whitening))
            self._white.append((convolution, here, moved, shift))
            share = moved.shape[1] ** -0.5
            groups.append({"params": [moved, shift], "share": share})
        groups += [{"params": [each], "share": share} for each, share in self._others]
        self._adam = torch.optim.Adam(groups, betas=BETAS)

    def step(self, loss: torch.Tensor, rate: float) -> None:
        """Do one step; parameters of which the loss does not depend stay where they are.

        Args:
            loss: a scalar.
            rate: divided by the root of the number of values that a convolution sees at a place.
        """
        self._steps += 1
        for group in self._adam.param_groups:
            group["lr"] = rate * group["share"] * min(1.0, self._steps / GROWTH)
        parameters = [
            *(each for convolution, *_ in self._white for each in convolution.parameters()),
            *(each for each, _ in self._others),
        ]
        for each in parameters:
            each.grad = None
        torch.autograd.backward(loss, inputs=parameters)
        with torch.no_grad():
            for convolution, (mean, root), moved, shift in self._white:
                if (gradient := convolution.weight.grad) is None:
                    moved.grad = shift.grad = None
                    continue
                assert convolution.bias is not None and convolution.bias.grad is not None
                shift.grad = convolution.bias.grad
                moved.grad = (gradient.flatten(1) - torch.outer(shift.grad, mean)) @ root
            self._shorten()
            self._adam.step()
            for convolution, (mean, root), moved, shift in self._white:
                assert convolution.bias is not None
                step = moved @ root
                convolution.weight += step.view_as(convolution.weight)
                convolution.bias += shift - step @ mean
                moved.zero_()
                shift.zero_()

    def _shorten(self) -> None:
        """Shorten the gradient, of all parameters together, where it is long."""
        moved = [each for group in self._adam.param_groups for each in group["params"]]
        length = float(nn.utils.get_total_norm([e.grad for e in moved if e.grad is not None]))
        if self._length and length > LONGEST * self._length:
            for each in moved:
                if each.grad is not None:
                    each.grad *= LONGEST * self._length / length
            length = LONGEST * self._length
        self._length = PAST * self._length + (1 - PAST) * length if self._length else length

    def state_dict(self) -> dict[str, Any]:
        """Return what going on needs, besides parameters and whitenings."""
        return {"adam": self._adam.state_dict(), "steps": self._steps, "length": self._length}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take what `state_dict` returned."""
        self._adam.load_state_dict(dict(state["adam"]))
        self._steps, self._length = int(state["steps"]), float(state["length"])
