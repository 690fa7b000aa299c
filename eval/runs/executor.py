"""What makes cells: the jobs it is given, and what an executor must be able to do.

The executors themselves stand in `eval.executors`; the runner knows them by this alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.image_settings import ImageSettings
from dfr.methods.method import Stylization
from dfr.network.weights import Vgg19Weights, load_vgg19
from eval.data.dataset import Picture
from eval.runs.cell import make_cells, work_of
from eval.runs.profiles import MethodEntry
from eval.runs.store import RunStore
from eval.runs.tools import Tools


@dataclass(frozen=True)
class Job:
    """One cell to make.

    Attributes:
        content: the content picture.
        style: the style picture.
        entry: the method.
    """

    content: Picture
    style: Picture
    entry: MethodEntry

    def keep(self, store: RunStore, result: Stylization, row: Mapping[str, Any]) -> None:
        """Keep the cell that was made, see `eval.runs.store.RunStore.save_cell`."""
        store.save_cell(self.content.name, self.style.name, self.entry.label, result, row)

    def __str__(self) -> str:
        """Tell it in a few words."""
        return f"{self.content.name} × {self.style.name}: {self.entry.title}"


@dataclass(frozen=True)
class Batch:
    """Cells of one method that are made together, see `eval.runs.batches`.

    Attributes:
        jobs: at least one, all of one entry.
    """

    jobs: tuple[Job, ...]

    @property
    def entry(self) -> MethodEntry:
        """The method."""
        return self.jobs[0].entry

    @property
    def pairs(self) -> list[tuple[Path, Path]]:
        """The files of content and style of each job."""
        return [(job.content.path, job.style.path) for job in self.jobs]

    def check_pictures(self) -> None:
        """Check that the pictures are those that the run began with.

        Raises:
            UserError: one was changed.
        """
        for job in self.jobs:
            for picture in (job.content, job.style):
                if sha256(picture.path) != picture.sha256:
                    raise UserError(f"{picture.path}: was changed while the run was going")

    @property
    def work(self) -> float:
        """Estimate its work, in the unit of `eval.runs.cell.work_of`."""
        return len(self.jobs) * work_of(self.entry.build())

    def __str__(self) -> str:
        """Tell it in a few words."""
        more = len(self.jobs) - 1
        return f"{self.jobs[0]}" + (f", with {more} more" if more else "")


@dataclass(frozen=True)
class Recipe:
    """What a process needs in order to make cells: plain values, so that it can be sent.

    Attributes:
        folder: of the run.
        weights: source of VGG-19, see `dfr.network.weights.load_vgg19`.
        precision: of the encoder that stylizes.
        device: where to compute.
        environment: stands in every cell, see `dfr.core.provenance.environment`.
        seed: of everything random.
        contents: files of the run's content pictures.
        images: how pictures are loaded and kept.
        threads: of each process.
        graphs: whether iterations may be captured as CUDA graphs.
    """

    folder: Path
    weights: str
    precision: str
    device: str
    environment: Mapping[str, Any]
    seed: int
    contents: tuple[Path, ...]
    images: ImageSettings
    threads: int
    graphs: bool = True

    def tools(self, loaded: Vgg19Weights | None = None) -> Tools:
        """Load everything that cells share; the weights too, unless they are here already."""
        return Tools.make(
            loaded or load_vgg19(self.weights),
            self.precision,
            torch.device(self.device),
            self.environment,
            self.seed,
            self.contents,
            self.images,
            graphs=self.graphs,
        )


@dataclass
class Watch:
    """Who is told what happens; each does nothing unless it is set.

    Attributes:
        starts: told the batch that begins.
        advance: told the work that was done, in the unit of `eval.runs.cell.work_of`.
        ends: told the job whose cell is kept.
        tells: told, in a line, of what a person should know and need not mend.
    """

    starts: Callable[[Batch], None] = field(default=lambda _: None)
    advance: Callable[[float], None] = field(default=lambda _: None)
    ends: Callable[[Job], None] = field(default=lambda _: None)
    tells: Callable[[str], None] = field(default=lambda _: None)


#: Makes cells of (batches in the order in which they are begun, recipe, tools of the recipe for
#: this process, who is told), and keeps each as soon as it is made. Raises a `UserError` where a
#: picture was changed, the disk is full or a process was lost; cells that were kept stay.
MakeCells = Callable[[Iterable[Batch], Recipe, Tools, Watch], None]


class Executor(Protocol):
    """Where cells are made."""

    @property
    def workers(self) -> int:
        """How many processes of this machine make cells beside each other."""
        ...

    def device_of_cells(self, here: torch.device) -> torch.device:
        """Return where cells are computed.

        Args:
            here: where this process computes what is no cell.
        """
        ...

    def begun(self) -> AbstractContextManager[MakeCells]:
        """Begin what cells are made by; it ends with the block.

        Raises:
            UserError: it cannot be begun.
        """
        ...


def make_and_keep(
    batch: Batch,
    recipe: Recipe,
    tools: Tools,
    advance: Callable[[float], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Make the cells of a batch in this process and keep them.

    Args:
        batch: what to make.
        recipe: of the run.
        tools: made of the recipe.
        advance: told the work that was done.
        tell: told, in a line, of what a person should know and need not mend.

    Raises:
        UserError: a picture is not the one that the run began with, or the disk is full.
    """
    batch.check_pictures()
    store = RunStore(recipe.folder)
    cells = make_cells(batch.pairs, batch.entry, tools, advance, tell)
    for job, (result, row) in zip(batch.jobs, cells, strict=True):
        job.keep(store, result, row)
