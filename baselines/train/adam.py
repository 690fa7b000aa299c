"""Adam for the parameters of a network (Kingma and Ba, 2015), with gradients of bounded length.

`torch.optim` has it too, but to import that costs several seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8
#: Longer gradients, of all parameters together, are shortened to this.
LONGEST = 10.0


class Adam:
    """Moves parameters against their gradients.

    Args:
        parameters: moved in place.
        rates: the step's size, of each parameter.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], rates: Sequence[float]) -> None:
        self.parameters, self.rates = parameters, rates
        self.first = [torch.zeros_like(each) for each in parameters]
        self.second = [torch.zeros_like(each) for each in parameters]
        #: How often each parameter was moved.
        self.steps = [0 for _ in parameters]

    @torch.no_grad()
    def move(self, gradients: Sequence[torch.Tensor | None]) -> None:
        """Do one step.

        Args:
            gradients: those of the parameters, in order; one without stays where it is.
        """
        found = [each for each in gradients if each is not None]
        length = torch.stack([each.square().sum() for each in found]).sum().sqrt()
        shorter = min(1.0, LONGEST / (float(length) + EPSILON))
        for index, gradient in enumerate(gradients):
            if gradient is None:
                continue
            self.steps[index] += 1
            first, second, steps = self.first[index], self.second[index], self.steps[index]
            first.lerp_(gradient * shorter, 1 - FIRST)
            second.lerp_((gradient * shorter).square(), 1 - SECOND)
            mean = first / (1 - FIRST**steps)
            size = (second / (1 - SECOND**steps)).sqrt() + EPSILON
            self.parameters[index].sub_(self.rates[index] * mean / size)

    @property
    def state(self) -> dict[str, Any]:
        """What going on needs; see `resume`."""
        return {"first": self.first, "second": self.second, "steps": self.steps}

    @torch.no_grad()
    def resume(self, state: Mapping[str, Any]) -> None:
        """Take up the `state` of an earlier process."""
        for own, found in ((self.first, state["first"]), (self.second, state["second"])):
            for kept, each in zip(own, found, strict=True):
                kept.copy_(each)
        self.steps = list(state["steps"])
