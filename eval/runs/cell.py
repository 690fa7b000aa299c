"""One cell of a run: one method on one pair, stylized, timed and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from dfr.core import devices
from dfr.core.memory import OutOfMemory, Peak, memory_named, peak_memory
from dfr.core.provenance import device_name
from dfr.methods.method import Method, Stylization, device_of, settings_of
from dfr.methods.optimisation import OptimisationMethod, Request, nudged, stylize_together
from dfr.methods.registry import blamed, packages_of
from dfr.network.encoder import Encoder
from dfr.objective.objective import yardstick
from eval.measures.context import LAYERS, Context
from eval.measures.registry import measure
from eval.runs.profiles import MethodEntry
from eval.runs.tools import Tools

#: A cell: the outputs in the 8 bits that are kept, and the row of the store.
Cell = tuple[Stylization, dict[str, Any]]


def make_cell(
    content: Path,
    style: Path,
    entry: MethodEntry,
    tools: Tools,
    advance: Callable[[float], None] = lambda _: None,
) -> Cell:
    """Stylize one pair with one method and measure the outputs; see `make_cells`."""
    return next(iter(make_cells([(content, style)], entry, tools, advance)))


def make_cells(
    pairs: Sequence[tuple[Path, Path]],
    entry: MethodEntry,
    tools: Tools,
    advance: Callable[[float], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Cell]:
    """Stylize pairs with one method and measure the outputs.

    See `stylize_pairs` for the arguments and what can go wrong.

    Yields:
        the cells, in the order of the pairs.
    """
    made = stylize_pairs(pairs, entry, tools, advance, tell)
    for pair, stylized in zip(pairs, made, strict=True):
        yield stylized.result, measured(pair, entry, stylized, tools)


class Stylized(NamedTuple):
    """A cell that was not measured yet.

    Attributes:
        result: the outputs in the 8 bits that are kept.
        peak: of the memory in making them.
        environment: where they were made.
    """

    result: Stylization
    peak: Peak
    environment: Mapping[str, Any]


def stylize_pairs(
    pairs: Sequence[tuple[Path, Path]],
    entry: MethodEntry,
    tools: Tools,
    advance: Callable[[float], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Stylized]:
    """Stylize pairs with one method, as one batch if it optimises.

    A batch that does not fit into memory is halved.

    Args:
        pairs: the files of content and style.
        entry: the method.
        tools: what all cells share.
        advance: told the work that was done, in the unit of `work_of`.
        tell: told, in a line, that a batch was halved.

    Yields:
        what became of them, in the order of the pairs.

    Raises:
        OutOfMemory: not even one pair fits.
    """
    try:
        with memory_named(), blamed(entry.method):
            results, peak = _stylized(pairs, entry, tools, advance)
    except OutOfMemory:
        if len(pairs) == 1:
            raise
        half = len(pairs) // 2
        tell(f"{len(pairs)} pairs do not fit into memory at once: going on with half of them")
        yield from stylize_pairs(pairs[:half], entry, tools, advance, tell)
        yield from stylize_pairs(pairs[half:], entry, tools, advance, tell)
        return
    there = _environment(entry, tools)
    for result in results:
        yield Stylized(result.as_kept(tools.images), peak, there)


def measured(
    pair: tuple[Path, Path], entry: MethodEntry, stylized: Stylized, tools: Tools
) -> dict[str, Any]:
    """Return the row of the store of a cell: in any process, with tools of any device."""
    pictures = tools.images.load_pair(*pair)
    row = row_of(entry.method, *pictures, stylized.result, stylized.peak, tools)
    return {**row, "environment": stylized.environment}


def _stylized(
    pairs: Sequence[tuple[Path, Path]],
    entry: MethodEntry,
    tools: Tools,
    advance: Callable[[float], None],
) -> tuple[list[Stylization], Peak]:
    """Return what became of the pairs, and the peak of memory."""
    method = entry.build()
    pictures = [tools.images.load_pair(*pair) for pair in pairs]
    torch.manual_seed(tools.seed)
    work, done = work_of(method) * len(pairs), 0.0

    def progress(iteration: int, total: int) -> None:
        nonlocal done
        now = work * iteration / total
        advance(now - done)
        done = now

    device = device_of(method, tools.encoder.device)
    with peak_memory(device) as peak:
        devices.synchronise(device)
        if isinstance(method, OptimisationMethod):
            requests = [Request(method, *pair, entry.again) for pair in pictures]
            results = stylize_together(requests, tools.encoder, tools.seed, progress)
        else:
            stylize = partial(stylize_again, method) if entry.again else method.stylize
            results = [stylize(*pair, tools.encoder, tools.seed) for pair in pictures]
    advance(work - done)
    return results, peak


def _environment(entry: MethodEntry, tools: Tools) -> Mapping[str, Any]:
    """Return where a method's cells are made, which need not be where the encoder is."""
    device = device_of(entry.build(), tools.encoder.device)
    if device == tools.encoder.device:
        return tools.environment
    return {**tools.environment, "device": device_name(device)}


def stylize_again(
    method: Method,
    content: torch.Tensor,
    style: torch.Tensor,
    encoder: Encoder,
    seed: int = 0,
) -> Stylization:
    """Stylize a content picture that was changed by what nobody can see, half a level of 8 bits.

    For methods that optimise nothing; the others start from pictures that are changed so, see
    `dfr.methods.optimisation.OptimisationMethod.stylize_again`.
    """
    return method.stylize(nudged(content, seed), style, encoder, seed)


def row_of(
    method: str,
    content: torch.Tensor,
    style: torch.Tensor,
    result: Stylization,
    peak: Peak,
    tools: Tools,
) -> dict[str, Any]:
    """Measure a cell's outputs and return its row of the store.

    Args:
        method: its name in the table of methods.
        content: (1, 3, h, w) in [0, 1], at working size.
        style: likewise.
        result: the outputs, in the 8 bits that are kept.
        peak: of the memory in making them.
        tools: what all cells share.
    """
    return {
        "method": method,
        "settings": result.settings,
        "packages": packages_of(method, result.settings),
        "size": list(content.shape[-2:]),
        **tools.images.record,
        "measures": measure(context_of(content, style, result.pictures, tools)),
        "cost": _cost(result, peak),
        "losses": result.losses,
        "content_losses": result.content_losses,
        "curves": result.curves,
        "failed": result.failed,
        "same_as": result.same_as,
        "twin_of": result.twin_of,
        "done": result.done,
        "environment": tools.environment,
    }


def work_of(method: Method) -> float:
    """Estimate a cell's work in picture-iterations, for the time that is left."""
    solver = settings_of(method).get("solver")
    if solver is None:
        return float(len(method.modes))
    per_iteration = 1.25 if solver["name"] == "lbfgs" else 1.0
    return float(len(method.modes) * solver["iterations"]) * per_iteration


def context_of(
    content: torch.Tensor,
    style: torch.Tensor,
    outputs: Mapping[str, torch.Tensor],
    tools: Tools,
) -> Context:
    """Return what the measures look at: the 8-bit pictures that the run keeps.

    So any number can be made again from the run's folder alone.
    """
    content, style = tools.images.quantise(content), tools.images.quantise(style)
    device, eye = tools.ruler.device, tools.ruler.remembering(LAYERS)
    return Context(
        content=content,
        style=style,
        outputs=outputs,
        yardstick=yardstick(content.to(device), style.to(device), eye),
        encoder=eye,
        lpips=tools.lpips,
        bases=tools.bases,
    )


def _cost(result: Stylization, peak: Peak) -> dict[str, Any]:
    outputs = result.computed
    loop = result.seconds - result.seconds_targets
    per_iteration = loop / result.iterations if result.iterations else float("nan")
    return {
        "computed": outputs,
        "iterations": result.iterations,
        "evaluations": result.evaluations,
        "seconds": result.seconds,
        "seconds_targets": result.seconds_targets,
        "seconds_per_output": result.seconds / outputs,
        "seconds_per_iteration": per_iteration,
        "seconds_per_output_iteration": per_iteration / outputs,
        "peak_memory_mb": peak.megabytes,
        "memory_kind": peak.kind,
        "rows_beside": result.rows_beside,
    }
