"""What a race is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from dfr.core.images import Size
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast

#: Parts of the published loss whose times are told: the loss itself, and a little above it.
LEVELS = (1.0, 1.02, 1.05, 1.1)


@dataclass(frozen=True)
class RaceSettings:
    """What is raced.

    Attributes:
        size: working size.
        pairs: how many pairs.
        published: the published solver, which sets the loss to reach.
        published_precision: of its run; its final loss is computed in fp32 in any case.
        fast: the solver that races.
        precision: of the fast solver's run.
        rounds: steps of each contender, in turns.
    """

    size: Size
    pairs: int = 8
    published: Adam = Adam(iterations=3000)
    published_precision: str = "fp32"
    fast: Fast = Fast()
    precision: str = "bf16"
    rounds: int = 5
