"""Cells made on a Ray cluster, by worker processes on any of its nodes.

Workers need this package and no file of the run: the pictures travel to them as bytes, and the
outputs travel back. Only the process that runs the command writes to the run's folder, so it need
not be shared, and one lock guards it as ever.
"""

from __future__ import annotations

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import torch

from dfr.core.errors import UserError
from eval.data.dataset import Picture
from eval.executors.levels import with_pictures
from eval.executors.ray.cluster import Cluster
from eval.executors.ray.worker import Kit, Parcel, SentCell, Worker
from eval.runs.executor import Batch, MakeCells, Recipe, Watch
from eval.runs.store import RunStore
from eval.runs.tools import Tools

#: How often a cell is begun before its worker's end is taken as the cell's fault.
TRIES = 3
#: Seconds without a single worker after which a run gives up.
PATIENCE = 600.0
#: Seconds between two looks at how many workers the cluster has room for.
PULSE = 2.0
#: How many pictures are kept ready for workers.
PICTURES = 256


@dataclass(frozen=True)
class _Task:
    """A batch, and how often it was begun before."""

    batch: Batch
    lost: int = 0


@dataclass(frozen=True)
class _Turn:
    """What a worker is at: a task, or loading where there is none."""

    worker: Any
    task: _Task | None = None


@dataclass(frozen=True)
class RayExecutor:
    """Makes cells on a Ray cluster; this process still writes them, and does everything else.

    Attributes:
        cluster: which one, and what to take of it.
    """

    cluster: Cluster

    #: Of the processes of this machine, this one alone: the cluster's workers are not the run's.
    workers: ClassVar[int] = 1

    def device_of_cells(self, here: torch.device) -> torch.device:  # noqa: ARG002
        """Return the kind of device that the workers have."""
        return torch.device(self.cluster.device)

    @contextmanager
    def begun(self) -> Iterator[MakeCells]:
        """Connect to the cluster for the block; see `Cluster.connected` for what can go wrong."""
        with self.cluster.connected() as ray:
            yield partial(make_cells_on_ray, ray=ray, cluster=self.cluster)


def make_cells_on_ray(
    batches: Iterable[Batch],
    recipe: Recipe,
    tools: Tools,
    watch: Watch,
    ray: Any,
    cluster: Cluster,
) -> None:
    """Make cells on a cluster and keep each as soon as it has come back.

    Args:
        batches: in the order in which they are begun.
        recipe: of this process.
        tools: made of the recipe, for this process.
        watch: who is told.
        ray: the module, connected, see `Cluster.connected`.
        cluster: what to take of it.

    Raises:
        UserError: as `eval.executors.processes.make_cells`; or a cell's workers ended again and
            again, or the cluster has no room for one.
    """
    left = deque(_Task(batch) for batch in batches)
    if left:
        sent = dataclasses.replace(
            recipe, device=cluster.device, threads=cluster.threads, contents=()
        )
        kit = Kit(sent, tools.ruler.weights, tools.bases, cluster)
        pool = _Pool(left, kit, RunStore(recipe.folder), tools.environment, ray, watch)
        try:
            pool.run()
        finally:
            pool.end()


class _Pool:
    """The workers of a run, as many as there is room for, each with at most one batch."""

    def __init__(
        self,
        left: deque[_Task],
        kit: Kit,
        store: RunStore,
        here: Mapping[str, Any],
        ray: Any,
        watch: Watch,
    ) -> None:
        self.left, self.store, self.here, self.ray, self.watch = left, store, here, ray, watch
        self.cluster = kit.cluster
        self.kit = ray.put(kit)
        self.kind = ray.remote(Worker).options(
            num_cpus=self.cluster.threads,
            num_gpus=self.cluster.gpus,
            max_restarts=0,  # the pool begins another one, which may find another node
            scheduling_strategy="SPREAD",
        )
        self.parcel: Callable[[Picture], Any] = lru_cache(PICTURES)(self._pack)
        self.turns: dict[Future[Any], _Turn] = {}
        self.idle: list[Any] = []
        self.lost_in_a_row = 0
        self.working = time.monotonic()
        self.told_waiting = False
        # A worker that ends, with its node or without; everything else is an error of the work.
        self.lost = (
            ray.exceptions.RayActorError,
            ray.exceptions.OutOfMemoryError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.ObjectLostError,
        )

    def run(self) -> None:
        """Make every cell."""
        self._begin_workers(first=True)
        looked = time.monotonic()
        while self.left or self._at_work:
            if not self.turns:
                time.sleep(PULSE)  # every worker was lost, and no node has room for another
            # Futures, since a stop that comes while Ray itself waits would be swallowed.
            for future in wait(self.turns, PULSE, return_when=FIRST_COMPLETED).done:
                self._ended(future, self.turns.pop(future))
            self._give_out()
            if time.monotonic() - looked > PULSE:
                self._begin_workers()
                self._be_patient()
                looked = time.monotonic()

    def end(self) -> None:
        """End the workers at once: what they were making is not kept."""
        for worker in (*self.idle, *(turn.worker for turn in self.turns.values())):
            self.ray.kill(worker)

    @property
    def _at_work(self) -> int:
        return sum(turn.task is not None for turn in self.turns.values())

    def _pack(self, picture: Picture) -> Any:
        return self.ray.put(Parcel.of(picture))

    def _begin_workers(self, first: bool = False) -> None:
        room = self.cluster.room(self.ray.nodes())
        if first and not room:
            raise UserError(
                f"no node of the Ray cluster has {self.cluster.share}, which a cell takes; lower "
                "--threads-per-cell or --gpus-per-cell, or add a node"
            )
        wanted = min(room, len(self.left) + self._at_work)
        for _ in range(wanted - len(self.turns) - len(self.idle)):
            worker = self.kind.remote(self.kit)
            self.turns[worker.load.remote().future()] = _Turn(worker)

    def _be_patient(self) -> None:
        if self._at_work:
            self.working, self.told_waiting = time.monotonic(), False
            return
        waited = time.monotonic() - self.working
        if waited > PATIENCE:
            raise UserError(
                f"the Ray cluster had no worker for this run for {PATIENCE / 60:.0f} minutes (each "
                f"takes {self.cluster.share}); what was finished is kept, and the same command "
                "goes on"
            )
        if waited > PATIENCE / 10 and not self.told_waiting:
            self.watch.tells(f"waiting for the Ray cluster: a worker takes {self.cluster.share}")
            self.told_waiting = True

    def _ended(self, future: Future[Any], turn: _Turn) -> None:
        try:
            answer = future.result()
        except self.lost as error:
            self._lose(turn.task, error)
            return
        except self.ray.exceptions.RayTaskError as error:
            self.ray.kill(turn.worker)
            if isinstance(error.cause, UserError):
                raise UserError(str(error.cause)) from error
            raise
        self.idle.append(turn.worker)
        if turn.task is None:
            self._meet(answer)
        else:
            # The worker has its next task before this cell is written: it need not wait.
            self._give_out()
            self._keep(turn.task.batch, *answer)

    def _give_out(self) -> None:
        while self.left and self.idle:
            batch = self.left[0].batch
            # One after the other: Ray fetches what is an argument, not what is inside one.
            pictures = [
                self.parcel(picture) for job in batch.jobs for picture in (job.content, job.style)
            ]
            worker, task = self.idle.pop(), self.left.popleft()
            self.watch.starts(batch)
            self.turns[worker.make.remote(batch.entry, *pictures).future()] = _Turn(worker, task)

    def _meet(self, there: Mapping[str, Any]) -> None:
        """Take a new worker's machine into the run's description, if its code is this one."""
        for what in ("version", "git"):
            if there[what] != self.here[what] and "unknown" not in (there[what], self.here[what]):
                raise UserError(
                    f"the node {there['node']} has another {what} of dfr-suite ({there[what]}) "
                    f"than this machine ({self.here[what]}); install the same one everywhere"
                )
        self.store.add_environment({key: there[key] for key in there if key != "node"})

    def _keep(self, batch: Batch, cells: Sequence[SentCell], told: Sequence[str]) -> None:
        for line in told:
            self.watch.tells(line)
        for job, (result, levels, row) in zip(batch.jobs, cells, strict=True):
            job.keep(self.store, with_pictures(result, levels), row)
        self.lost_in_a_row = 0
        self.watch.advance(batch.work)
        for job in batch.jobs:
            self.watch.ends(job)

    def _lose(self, task: _Task | None, error: Exception) -> None:
        """Put a lost task behind all others, which a bad one shall not keep from being done."""
        self.lost_in_a_row += 1
        workers = 1 + len(self.turns)
        what = ""
        if task and task.lost + 1 >= TRIES:
            what = f"{TRIES} workers of the Ray cluster ended in making {task.batch}"
        elif self.lost_in_a_row >= TRIES * workers:
            what = f"{self.lost_in_a_row} workers of the Ray cluster ended before any made a cell"
        if what:
            raise UserError(
                f"{what} (killed, or out of memory); what was finished is kept, and the same "
                "command goes on, with fewer --workers if memory was short"
            ) from error
        # Those without work may have gone with the same node, and would only be found out by
        # losing this task again.
        while self.idle:
            self.ray.kill(self.idle.pop())
        if task:
            self.watch.tells(f"a worker was lost; another one will make {task.batch}")
            self.left.append(_Task(task.batch, task.lost + 1))
