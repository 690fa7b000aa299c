"""Runs with the cells of a real one, as if of another size, solver, or time."""

from __future__ import annotations

import copy
import dataclasses

from eval.runs.tables import tables


def timing(*seconds: float, rounds: int = 7, iterations: int = 10, kind: str = "outputs",
           names: tuple[str, ...] = ("DFR-1", "DFR-2", "DFR-3", "DFR-4"),
           slow: float = 1.0) -> list[dict]:  # fmt: skip
    """Rows of timing in which an iteration takes so many seconds, one round ``slow`` times."""
    return [
        {
            "kind": kind, "name": name, "outputs": 5 if kind == "method" else n, "height": 60,
            "width": 80, "round": turn, "iterations": iterations,
            "seconds": 0.5 + iterations * value * (slow if turn == 1 else 1),
            "seconds_targets": 0.5,
        }
        for turn in range(rounds)
        for n, (name, value) in enumerate(zip(names, seconds, strict=True), 1)
    ]  # fmt: skip


def solved(cell, name: str, iterations: int):
    """The same cell, as if another solver had made it."""
    if "solver" not in cell["settings"]:
        return cell
    own = cell["settings"]["solver"] if cell["settings"]["solver"]["name"] == name else {}
    solver = {**own, "name": name, "iterations": iterations}
    settings = {**cell["settings"], "solver": solver}
    return {**cell, "settings": settings, "cost": {**cell["cost"], "iterations": iterations}}


PUBLISHED = [422, 512]


def published(cell) -> list[int]:
    return [321, 481] if cell["method"] == "decormst" else PUBLISHED


def enlarged(
    run, pairs: int = 6, solver: str = "adam", iterations: int = 3000, size: list[int] | None = None
):
    """The same cells under more styles, as if of another size, solver and more iterations.

    Where no size is given, it is the one that was published for each method.
    """
    styles = [f"style{i}" for i in range(pairs)]
    cells = [
        solved({**cell, "style": style, "size": size or published(cell)}, solver, iterations)
        for style in styles
        for cell in run.cells
        if cell["style"] == "strokes"
    ]
    return dataclasses.replace(run, cells=cells, tables=tables(cells))


def both_solvers(run, label: str):
    """A run of the fast solver, in which Adam made a method on five of six pairs too."""
    large = enlarged(run, 6, "fast", 40)
    more = [
        solved({**cell, "label": f"{label}-adam"}, "adam", 3000)
        for cell in enlarged(run, 5).cells
        if cell["label"] == label
    ]
    identity = copy.deepcopy(large.identity)
    methods = identity["profile"]["methods"]
    entry = next(entry for entry in methods if entry["label"] == label)
    methods.append({**entry, "label": f"{label}-adam", "title": f"{entry['title']}, Adam"})
    cells = [*more, *large.cells]
    return dataclasses.replace(large, identity=identity, cells=cells, tables=tables(cells))
