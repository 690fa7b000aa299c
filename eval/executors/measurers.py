"""Processes that measure beside a device: it need not wait while a CPU looks for contours.

This process stylizes. Each finished pair goes to one of the measurers, which have the CPU's cores,
and which also write the cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

import torch

from dfr.network.weights import load_vgg19
from eval.executors.levels import Levels, with_pictures, without_pictures
from eval.executors.pool import begun_with_parent, pool_of
from eval.measures.pca_bases import PcaBases
from eval.runs.cell import Stylized, measured, stylize_pairs
from eval.runs.executor import Batch, Job, Recipe, Watch
from eval.runs.store import RunStore
from eval.runs.tools import Tools

#: Pairs that wait for each measurer, so that none runs dry, and memory stays bounded.
_WAITING = 2


def make_cells_beside(
    batches: Iterable[Batch], recipe: Recipe, tools: Tools, watch: Watch, measurers: int
) -> None:
    """Stylize in this process and measure in others; see `eval.executors.processes.make_cells`.

    Args:
        batches: in the order in which they are begun.
        recipe: of the run.
        tools: made of the recipe, for this process.
        watch: who is told.
        measurers: how many processes measure.

    Raises:
        UserError: as `eval.executors.processes.make_cells`.
    """
    here = replace(recipe, device="cpu", threads=1)
    with pool_of(measurers, _begin, (here, tools.bases)) as pool:
        waiting: dict[Future[None], Job] = {}

        def settle(most: int) -> None:
            """Wait until no more than so many pairs are being measured."""
            while len(waiting) > most:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    job = waiting.pop(future)
                    future.result()
                    watch.ends(job)

        for batch in batches:
            watch.starts(batch)
            batch.check_pictures()
            made = stylize_pairs(batch.pairs, batch.entry, tools, watch.advance, watch.tells)
            for job, stylized in zip(batch.jobs, made, strict=True):
                bare, levels = without_pictures(stylized.result)
                sent = stylized._replace(result=bare)
                waiting[pool.submit(_measure_here, job, sent, levels)] = job
            settle(_WAITING * measurers)
        settle(0)


#: What this process was begun with, where it is a measurer.
_here: tuple[Recipe, Tools] | None = None


def _begin(recipe: Recipe, bases: PcaBases) -> None:
    global _here
    begun_with_parent(recipe.threads)
    tools = Tools.make(
        load_vgg19(recipe.weights), "fp32", torch.device("cpu"), recipe.environment, recipe.seed,
        (), recipe.images, bases,
    )  # fmt: skip
    _here = recipe, tools


def _measure_here(job: Job, sent: Stylized, levels: Levels) -> None:
    assert _here is not None
    recipe, tools = _here
    stylized = sent._replace(result=with_pictures(sent.result, levels))
    row = measured((job.content.path, job.style.path), job.entry, stylized, tools)
    job.keep(RunStore(recipe.folder), stylized.result, row)
