"""Which cells of a run are made together.

A batch holds cells of one method at one size: as many as go through the encoder in one pass, since
more gain nothing (`dfr.objective.gradients.rows_per_pass`), and as memory allows. On a CPU the
pass is what takes memory, so it alone decides; on CUDA the memory of a cell is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import torch

from dfr.core.images import load
from dfr.core.memory import peak_memory
from dfr.methods.optimisation import OptimisationMethod, Request
from dfr.methods.problem import Problem
from dfr.objective.gradients import rows_per_pass
from dfr.solvers.synthesis import Solver, synthesise
from eval.runs.executor import Batch, Job
from eval.runs.tools import Tools

#: Part of the free memory that a batch may take: what a library sets aside is not foreseen.
_SHARE = 0.8
#: Iterations in which the memory of a cell is measured.
_TRIED = 3


def batches_of(jobs: Iterable[Job], at_once: Callable[[Job], int]) -> Iterator[Batch]:
    """Put jobs of one method and one size together.

    Args:
        jobs: in the order in which they are wanted.
        at_once: how many cells like this one are made together; asked once for each method and
            size, see `CellsAtOnce`.

    Yields:
        the batches, by their last jobs; what is left over comes at the end.
    """
    open_: dict[tuple[str, tuple[int, ...]], list[Job]] = {}
    most: dict[tuple[str, tuple[int, ...]], int] = {}
    sizes: dict[str, tuple[int, ...]] = {}
    for job in jobs:
        name = job.content.name
        if name not in sizes:
            sizes[name] = tuple(load(job.content.path).shape[-2:])
        key = (job.entry.label, sizes[name])
        if key not in most:
            most[key] = at_once(job)
        waiting = open_.setdefault(key, [])
        waiting.append(job)
        if len(waiting) >= most[key]:
            yield Batch(tuple(open_.pop(key)))
    for waiting in open_.values():
        yield Batch(tuple(waiting))


def one_by_one(job: Job) -> int:  # noqa: ARG001
    """Say that cells are made one by one."""
    return 1


class CellsAtOnce:
    """Says how many cells like one are made together.

    Args:
        tools: of this process.
        device: where cells are computed, which is another one where Ray makes them.
    """

    def __init__(self, tools: Tools, device: torch.device) -> None:
        self.tools, self.device = tools, device

    def __call__(self, job: Job) -> int:
        """Return how many cells like this job's are made together, at least 1."""
        method, tools = job.entry.build(), self.tools
        if not isinstance(method, OptimisationMethod):
            return 1
        pair = tools.images.load_pair(job.content.path, job.style.path)
        fit = rows_per_pass(pair[0], self.device.type)
        if fit < 2:
            return 1
        problem = Request(method, *pair).pose(tools.encoder, tools.seed).problem
        cells = fit // len(problem.start)
        if self.device.type == "cuda" and tools.encoder.device.type == "cuda" and cells > 1:
            cells = min(cells, _cells_in_memory(problem, method.solver))
        return max(1, cells)


def _cells_in_memory(problem: Problem, solver: Solver) -> int:
    """Return how many problems like this one the free memory of its CUDA device holds."""
    device = problem.start.device
    short = replace(solver, iterations=_TRIED)
    with peak_memory(device) as peak:
        synthesise(problem.start, problem.objective, problem.encoder, short)
    taken = peak.megabytes * 1e6
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return cells_in(free + unused, taken)


def cells_in(free: float, each: float) -> int:
    """Return how many cells of ``each`` bytes go into ``free`` bytes, at least 1."""
    return max(1, int(_SHARE * free / max(each, 1)))
