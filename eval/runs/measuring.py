"""``dfr measure``: add measures to a run that is there, from the pictures that it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from dfr.core.devices import make_process_repeatable
from dfr.core.errors import UserError, unknown
from eval.measures.registry import MEASURES, RUN_MEASURES
from eval.runs.added import CONTROLS_FILE
from eval.runs.measure_pairs import Instruments, lacking, measure_pairs
from eval.runs.measure_sets import measure_sets
from eval.runs.store import RunStore


def measure_run(
    folder: Path,
    names: Sequence[str] = (),
    *,
    weights: Mapping[str, Path] | None = None,
    device: torch.device,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Add measures to a run.

    Args:
        folder: of the run.
        names: of measures, or ``controls``; if none, everything that the run lacks: what needs
            weights that are not here is then left out, and told in a line.
        weights: name of a network, see `dfr.network.inception.SOURCES` -> file of its weights.
        device: where to compute.
        tell: told what is left out, or is there already.
        progress: told what is being measured.

    Returns:
        the measures that were added.

    Raises:
        UserError: no run there, an unknown name, a run without pictures, a changed file; or a named
            measure needs what is not here. What the run has stays as it is.
    """
    known = (*MEASURES, CONTROLS_FILE, *RUN_MEASURES)
    for name in names:
        if name not in known:
            raise unknown("measure", name, known)
    make_process_repeatable()
    store = RunStore.open(folder)
    if not (folder / "pictures.json").exists():
        raise UserError(
            f"{folder}: keeps no pictures, so nothing more can be measured on it; make the run anew"
        )
    store.check_pictures()
    with store.locked():
        cells = store.cells()  # every picture is hashed, so once
        left = lacking(store, cells)
        instruments = Instruments(store, device)
        todo = []
        for name in names or left:
            if name in RUN_MEASURES:
                continue
            if name not in left:
                tell(f"the run has {name}")
            elif _tried(name, partial(instruments.prepare, name), bool(names), tell):
                todo.append(name)
        if todo:
            measure_pairs(store, cells, todo, instruments, progress)
        for name in [each for each in names or RUN_MEASURES if each in RUN_MEASURES]:
            file = (weights or {}).get(RUN_MEASURES[name].network)
            taken = _tried(name, partial(measure_sets, store, name, file, device, progress),
                           bool(names), tell)  # fmt: skip
            if taken is False:
                tell(f"the run has {name}")
            elif taken:
                todo.append(name)
    return todo


def _tried(
    name: str, make: Callable[[], bool], wanted: bool, tell: Callable[[str], None]
) -> bool | None:
    """Do it; where it needs what is not here, say so and go on, unless it was asked for."""
    try:
        return make()
    except UserError as error:
        if wanted:
            raise
        tell(f"{name} is left out: {error}")
        return None
