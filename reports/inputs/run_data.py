"""Everything the report shows, read once from a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from dfr.core.errors import UserError
from eval.runs.added import Added
from eval.runs.store import RunStore, titles_of
from eval.runs.tables import tables
from reports.inputs.votes import Votes
from studies.ballots.location import FILE


@dataclass(frozen=True, eq=False)  # known by itself, so that tables of it can be kept
class RunData:
    """One run, in memory.

    Attributes:
        store: the run's folder.
        identity: what was asked for, see `eval.runs.runner.reproduce`.
        environments: where it ran.
        cells: every finished cell.
        tables: see `eval.runs.tables.tables`.
        audit: rows of `eval.runs.mode_audit.audit_rows`, empty while the run has not got there.
        timing: rows of `eval.speed.timing.time_cases`, likewise.
        floors: rows of `eval.runs.floor.floor_rows`; none where the profile asks for none.
        controls: one row per pair and control, see `eval.runs.added`: content, style, label, mode,
            measures; empty for a run without them.
        over_run: one row per named output with the measures over the whole run, likewise.
        notes: what those say of themselves.
        votes: of the user study on the run's outputs, None where there is none.
    """

    store: RunStore
    identity: Mapping[str, Any]
    environments: list[dict[str, Any]]
    cells: list[dict[str, Any]]
    tables: Mapping[str, pd.DataFrame]
    audit: list[dict[str, Any]]
    timing: list[dict[str, Any]]
    floors: pd.DataFrame = field(default_factory=pd.DataFrame)
    controls: pd.DataFrame = field(default_factory=pd.DataFrame)
    over_run: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()
    votes: Votes | None = None

    @property
    def titles(self) -> dict[str, str]:
        """Label -> title of every method, in the profile's order."""
        return titles_of(self.identity)

    @property
    def iterations(self) -> dict[str, int]:
        """Label -> iterations, of the cells that are there."""
        return {cell["label"]: cell["cost"]["iterations"] for cell in self.cells}

    @property
    def methods(self) -> dict[str, str]:
        """Label -> name of the method that made its outputs, of the cells that are there."""
        return {cell["label"]: cell["method"] for cell in self.cells}

    @property
    def shares(self) -> bool:
        """Whether some pairs were computed together, so that their seconds are shares.

        A run made before has none.
        """
        return any(cell["cost"].get("rows_beside", 0) for cell in self.cells)

    @property
    def solvers(self) -> dict[str, str]:
        """Label -> name of the solver that made its outputs, of the cells that are there."""
        return {
            cell["label"]: cell["settings"].get("solver", {}).get("name", "none")
            for cell in self.cells
        }

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every (content, style) pair with a finished cell, in order."""
        return list(dict.fromkeys((cell["content"], cell["style"]) for cell in self.cells))

    @property
    def complete(self) -> bool:
        """Whether every cell of the profile is there."""
        identity = self.identity
        grid = len(identity["contents"]) * len(identity["styles"])
        pairs = len(identity["pairs"]) if "pairs" in identity else grid
        wanted: int = sum(
            min(entry.get("pairs", pairs), pairs) for entry in identity["profile"]["methods"]
        )
        made = len([cell for cell in self.cells if cell["method"] != "external"])
        floors = not identity["profile"].get("floor_pairs") or not self.floors.empty
        return made == wanted and floors

    @property
    def size(self) -> str:
        """Height x width of the outputs, or the asked size where contents differ."""
        sizes = {tuple(cell["size"]) for cell in self.cells}
        if len(sizes) == 1:
            height, width = next(iter(sizes))
            return f"{height} × {width}"
        return f"longer side {self.identity['profile']['size']}"

    @property
    def scale(self) -> str:
        """One sentence that says at which scale everything on the page was measured."""
        identity, profile = self.identity, self.identity["profile"]
        iterations = self._iterations_by_solver()
        devices = " and ".join(dict.fromkeys(item["device"] for item in self.environments))
        unfinished = "" if self.complete else "; THE RUN IS NOT FINISHED"
        return (
            f"Profile {profile['name']}, {self.size} pixels (height × width), "
            f"iterations: {iterations}, "
            f"contents: {len(identity['contents'])} ({identity['contents_from']}), "
            f"styles: {len(identity['styles'])} ({identity['styles_from']}), "
            f"{profile['precision']}, {devices}{unfinished}."
        )

    def _iterations_by_solver(self) -> str:
        """Tell how long each solver ran: ``40 (fast), 100 to 300 (adam)``."""
        counts: dict[str, set[int]] = {}
        for label, count in self.iterations.items():
            if self.solvers[label] != "none":
                counts.setdefault(self.solvers[label], set()).add(count)
        told = []
        for solver, found in counts.items():
            span = f"{min(found)}" if len(found) == 1 else f"{min(found)} to {max(found)}"
            told.append(f"{span} ({solver})")
        return ", ".join(told) or "none"

    def pair(self, content: str, style: str) -> tuple[Image.Image, Image.Image]:
        """Return the content and the style picture of a pair at working size."""
        height, width = next(
            cell["size"]
            for cell in self.cells
            if (cell["content"], cell["style"]) == (content, style)
        )
        return (
            picture_of(self.store.picture_path("content", content, height, width)),
            picture_of(self.store.picture_path("style", style, height, width)),
        )

    def output(self, cell: Mapping[str, Any], mode: str) -> Image.Image:
        """Return an output picture of a cell."""
        folder = self.store.cell_folder(cell["content"], cell["style"], cell["label"])
        return picture_of(folder / cell["files"][mode]["file"])

    def find(self, content: str, style: str, label: str) -> dict[str, Any] | None:
        """Return one cell, if it is there."""
        for cell in self.cells:
            if (cell["content"], cell["style"], cell["label"]) == (content, style, label):
                return cell
        return None


def read_run(folder: Path, votes: str | None = None, study: str | None = None) -> RunData:
    """Read a run, checking every cell against its hashes.

    Args:
        folder: of the run.
        votes: where the votes on it are, see `reports.inputs.vote_reading.votes_of_run`.
        study: which study of those, likewise.

    Raises:
        UserError: no run there, nothing finished in it, a changed file, or votes that cannot be
            read or are on another run.
    """
    store = RunStore.open(folder)
    described = store.description
    store.check_pictures()
    cells = store.cells()
    if not cells:
        raise UserError(f"{folder}: no cell of this run is finished yet; run `dfr reproduce` again")
    added = Added.read(folder)
    return RunData(
        store=store,
        identity=described["identity"],
        environments=described["environments"],
        cells=cells,
        tables=tables(cells),
        audit=_rows(store, "audit.json"),
        timing=_rows(store, "timing.json"),
        floors=pd.DataFrame(_rows(store, "floor.json")),
        controls=pd.DataFrame(added.controls()),
        over_run=pd.DataFrame(added.over_run(cells)),
        notes=tuple(added.notes()),
        votes=_votes(folder, described["identity"], votes, study),
    )


def picture_of(path: Path) -> Image.Image:
    """Read a picture file, 8 bits of red, green and blue."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _votes(
    folder: Path, identity: Mapping[str, Any], source: str | None, study: str | None
) -> Votes | None:
    """Read the votes; only where there may be some is the database's library loaded."""
    if source is None and study is None and not (folder / FILE).is_file():
        return None
    from reports.inputs.vote_reading import votes_of_run

    return votes_of_run(folder, identity, source, study)


def _rows(store: RunStore, name: str) -> list[dict[str, Any]]:
    if not (store.folder / name).exists():
        return []
    rows: list[dict[str, Any]] = store.read_sealed(name)["rows"]
    return rows
