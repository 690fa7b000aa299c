"""Adam as it was published for DFR and DeCorMST, with its loop.

Everything that the loop decides stays on the device, see `dfr.solvers.outcomes`, so the whole
iteration can be captured as a CUDA graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import torch

from dfr.core.progress import Progress
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient, rows_per_pass
from dfr.objective.objective import Objective
from dfr.solvers.batch import SolverResult, finite_rows, per_row
from dfr.solvers.outcomes import looks_every, told_failures
from dfr.solvers.rows import why_not_finite

#: Iterations before a CUDA graph is captured: libraries set themselves up in the first ones.
_WARM = 3


@dataclass(frozen=True)
class Adam:
    """Adam as published for DFR and DeCorMST: lr .02, beta1 .99, beta2 .999, eps .1.

    The step is TensorFlow's: its epsilon stands beside the root of the *uncorrected* second moment,

        x <- x - lr sqrt(1 - beta2^t) / (1 - beta1^t)  m / (sqrt(v) + eps),

    and then the picture is clipped to [0, 1].

    In the published code one optimiser serves all outputs of a pair, and its counter t goes up by
    one with the step of each output: by 4 in an iteration of DFR's four outputs, by 5 in one of
    DeCorMST's. The moments m, v belong to each picture, so only the corrections run faster: the
    step is 0.5 to 1 times one with an own counter at the first iteration, 1.5 times at the 400th.

    Attributes:
        iterations: steps of each picture.
        lr: the step, in units of the picture's [0, 1].
        beta1: decay of the mean slope m.
        beta2: decay of the mean squared slope v.
        epsilon: in units of the slope.
        counter_steps: by how much the counter t goes up in an iteration: 1 for a counter of each
            picture's own, 4 in DFR's published code, 5 in DeCorMST's. Output k of a pair takes
            its turn as number k modulo this.
    """

    iterations: int = 3000
    lr: float = 0.02
    beta1: float = 0.99
    beta2: float = 0.999
    epsilon: float = 0.1
    counter_steps: int = 1

    def steps(self, places: Sequence[int]) -> torch.Tensor:
        """Return the corrected step lengths, (iterations, rows): lr times both corrections.

        Args:
            places: of each row among the outputs of its pair.
        """
        turns = torch.tensor(places) % self.counter_steps
        iterations = torch.arange(self.iterations).unsqueeze(1)
        t = (iterations * self.counter_steps + turns + 1).double()
        return self.lr * (1 - self.beta2**t).sqrt() / (1 - self.beta1**t)

    def minimise(
        self,
        start: torch.Tensor,
        objective: Objective,
        encoder: Encoder,
        progress: Progress,
        turns: Sequence[int] | None = None,
    ) -> SolverResult:
        """Minimise an objective; see `dfr.solvers.synthesis.synthesise` for the arguments."""
        state = State(start, objective, encoder, self, turns)
        step = step_taker(state)
        every = looks_every(start.device)
        taken = 0
        while taken < self.iterations:
            step()
            taken += 1
            progress(taken, self.iterations)
            if taken % every == 0 and not bool(state.active.any()):
                break
        return SolverResult(state.pictures, state.curve.T.contiguous().cpu(), state.failed, taken)


class State:
    """What one run of Adam keeps on the device; `step` changes it in place."""

    def __init__(
        self,
        start: torch.Tensor,
        objective: Objective,
        encoder: Encoder,
        solver: Adam,
        turns: Sequence[int] | None = None,
    ) -> None:
        rows, device = len(start), start.device
        self.objective, self.encoder, self.solver = objective, encoder, solver
        self.pictures = start.clone()
        self.good = start.clone()
        self.mean, self.square = torch.zeros_like(start), torch.zeros_like(start)
        self.steps = (
            solver.steps(range(rows) if turns is None else turns).to(start.dtype).to(device)
        )
        self.curve = start.new_full((solver.iterations, rows), float("nan"))
        self.active = torch.ones(rows, dtype=torch.bool, device=device)
        self.failed_at = torch.zeros(rows, dtype=torch.long, device=device)
        self.reason = torch.zeros_like(self.failed_at)
        self.iteration = torch.zeros(1, dtype=torch.long, device=device)

    @property
    def failed(self) -> dict[int, str]:
        """Row -> why it was stopped. The host waits for the device here."""
        return told_failures(self.failed_at.tolist(), self.reason.tolist())

    @torch.no_grad()
    def step(self) -> None:
        """Take one step of every picture that has not failed."""
        losses, slope = loss_and_gradient(self.pictures, self.objective, self.encoder)
        fails = self.active & ~finite_rows(losses, slope)
        self.failed_at.copy_(torch.where(fails, self.iteration, self.failed_at))
        self.reason.copy_(torch.where(fails, why_not_finite(losses), self.reason))
        self.active.logical_and_(~fails)
        told = torch.where(self.active, losses, float("nan"))
        self.curve.index_copy_(0, self.iteration, told.unsqueeze(0))
        active = per_row(self.active)
        # A row that failed stands still at the last picture with a finite loss and slope.
        self.good.copy_(torch.where(active, self.pictures, self.good))
        slope = torch.where(active, slope, 0.0)
        self.mean.lerp_(slope, 1 - self.solver.beta1)
        self.square.mul_(self.solver.beta2).addcmul_(slope, slope, value=1 - self.solver.beta2)
        length = per_row(self.steps.index_select(0, self.iteration)[0])
        moved = self.pictures - length * self.mean / (self.square.sqrt() + self.solver.epsilon)
        self.pictures.copy_(torch.where(active, moved.clamp_(0, 1), self.good))
        self.iteration.add_(1)


def on_graphs(pictures: torch.Tensor) -> bool:
    """Say whether steps of (n, 3, h, w) pictures gain from a CUDA graph: on CUDA, in one pass.

    A batch that goes through the encoder in several passes keeps the device busy without one.
    """
    return pictures.is_cuda and len(pictures) <= rows_per_pass(pictures)


def step_taker(state: State) -> Callable[[], None]:
    """Return what takes one step of ``state``, and changes it in place.

    After the first few steps that is a graph, where its encoder allows it and it gains.
    """
    taken, step = 0, state.step
    graph = state.encoder.graphs and on_graphs(state.pictures)

    def take() -> None:
        nonlocal taken, step
        if graph and taken == _WARM:
            step = _captured(state)
        step()
        taken += 1

    return take


def _captured(state: State) -> Callable[[], None]:
    """Return `State.step` as a CUDA graph; as it is, with a warning, where that cannot be had."""
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            state.step()
    except RuntimeError as error:
        torch.cuda.synchronize()
        _warn(str(error).partition("\n")[0])
        return state.step
    return graph.replay


@cache
def _warn(reason: str) -> None:
    """Say why there is no graph: once for each reason, however many batches a run has."""
    warnings.warn(f"no CUDA graph: {reason}; going on without one", stacklevel=2)
