"""Adam for the parameters of a network (Kingma and Ba, 2015), with gradients of bounded length.

`torch.optim` has it too, but to import that costs several seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8
#: Longer gradients, of all parameters together, are shortened to this.
LONGEST = 10.0


class Adam:
    """Moves parameters against their gradients.

    Args:
        parameters: moved in place.
        rate: the step's size.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], rate: float) -> None:
        self.parameters, self.rate, self.steps = parameters, rate, 0
        self.first = [torch.zeros_like(each) for each in parameters]
        self.second = [torch.zeros_like(each) for each in parameters]

    @torch.no_grad()
    def move(self, gradients: Sequence[torch.Tensor]) -> None:
        """Do one step; the gradients are those of the parameters, in order."""
        length = torch.stack([each.square().sum() for each in gradients]).sum().sqrt()
        shorter = min(1.0, LONGEST / (float(length) + EPSILON))
        self.steps += 1
        for each, gradient, first, second in zip(
            self.parameters, gradients, self.first, self.second, strict=True
        ):
            first.lerp_(gradient * shorter, 1 - FIRST)
            second.lerp_((gradient * shorter).square(), 1 - SECOND)
            mean = first / (1 - FIRST**self.steps)
            size = (second / (1 - SECOND**self.steps)).sqrt() + EPSILON
            each.sub_(self.rate * mean / size)

    @torch.no_grad()
    def resume(
        self, first: Sequence[torch.Tensor], second: Sequence[torch.Tensor], steps: int
    ) -> None:
        """Take up the moments of an earlier process."""
        for kept, found in zip((*self.first, *self.second), (*first, *second), strict=True):
            kept.copy_(found)
        self.steps = steps
