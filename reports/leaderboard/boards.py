"""The numbers of a leaderboard: one board for each set, part of it, and size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from eval.analysis.pairs import means, paired_tests
from eval.runs.added import CONTROLS
from eval.runs.tables import tables
from eval.submissions.checking import Checked
from eval.submissions.entry import Entry, Pictures
from eval.submissions.sets import named_sets
from reports.tables.certainty import SECONDS, less_is_better
from reports.tables.diversity import diversity_of

DIVERSITY = "diversity"
FAITHFUL = "faithful"
#: What a board tells of outputs: column -> what it says, and which way is better.
QUALITIES: Mapping[str, str] = {
    "e_statistic": "nearness of features to the style's (Yeh et al. 2020)",
    "style_gap_closed": "share of the way from the photograph to the style, by Gram matrices",
    "sifid_style": "distance of local features to the style's, after SIFID",
    "colour_style": "distance of colours to the style's",
    "c_statistic": "contours of the photograph that are kept (Yeh et al. 2020)",
    "cfsd": "distance of self-similarity to the photograph's (StyleID)",
    "lpips_content": "LPIPS distance to the photograph",
    "ssim_content": "SSIM to the photograph",
}
#: The column that the table is ordered by at first, and the first quality of the figures.
FIRST = "e_statistic"
#: Two entries are told apart by a smaller p than this, after Holm's correction.
LEVEL = 0.05


@dataclass(frozen=True)
class Mean:
    """A mean over pairs with its 95 % interval; NaN bounds where there are too few pictures."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """An entry, or a control, on a board.

    Attributes:
        name: of the entry.
        title: what readers see.
        means: column -> its mean, where there is one.
        outputs: of a pair.
        distinct: of these, how many aim at different things; modes of one objective count once.
        machine: where its seconds were taken; empty where that is not one machine.
        where: what readers see of that.
        checked: the entry; None for a control.
    """

    name: str
    title: str
    means: Mapping[str, Mean]
    outputs: int = 1
    distinct: int = 1
    machine: str = ""
    where: str = ""
    checked: Checked | None = None


@dataclass(frozen=True)
class Board:
    """Entries that can be compared: one set, the same pictures of it, one size.

    Attributes:
        pictures: of the first entry.
        checked: the entries.
    """

    pictures: Pictures
    checked: tuple[Checked, ...]

    @property
    def key(self) -> str:
        """A short text that names the board in addresses."""
        return f"{self.pictures.name}-{_digest(self.pictures)}"

    @property
    def title(self) -> str:
        """What readers see."""
        named, mine = named_sets()[self.pictures.name], self.pictures
        size = f"{len(mine.contents)} × {len(mine.styles)}"
        whole = f"{len(named.contents)} × {len(named.styles)}"
        part = size if size == whole else f"{size} of its {whole}"
        resized = "" if mine.resizing == "antialias" else f", resizing: {mine.resizing}"
        return f"{named.title[0].upper()}{named.title[1:]}: {part}, size {mine.size}{resized}"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return (*QUALITIES, DIVERSITY, FAITHFUL, SECONDS)

    @cached_property
    def values(self) -> Mapping[str, pd.DataFrame]:
        """Column -> rows with content, style, label (the entry's name) and the column."""
        rows = [row for each in self.checked for row in each.file.entry.rows()]
        found = tables(rows)
        outputs = found["outputs"]
        distinct = outputs[outputs["objective"] == outputs["mode"]]
        diversity = diversity_of(found)
        return {
            **dict.fromkeys(QUALITIES, distinct),
            DIVERSITY: diversity,
            FAITHFUL: diversity,
            SECONDS: found["cells"],
        }

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """One line for each entry, the best by `FIRST` first."""
        by_name: dict[str, dict[str, Mean]] = {}
        for column in self.columns:
            for name, mean in _means(self.values[column], column).items():
                by_name.setdefault(name, {})[column] = mean
        lines = [_line(each, by_name[each.file.entry.form.name]) for each in self.checked]
        return tuple(sorted(lines, key=lambda line: (-line.means[FIRST].value, line.name)))

    @cached_property
    def controls(self) -> tuple[Line, ...]:
        """The controls, as the first entry that has them tells them; none if no entry does."""
        for each in self.checked:
            rows = each.file.entry.controls
            if rows:
                frame = pd.DataFrame(rows).rename(columns={"mode": "label"})
                found = {column: _means(frame, column) for column in QUALITIES}
                return tuple(
                    Line(mode, title, {c: means[mode] for c, means in found.items()})
                    for mode, title in CONTROLS.items()
                    if mode in found[FIRST]
                )
        return ()

    @cached_property
    def beside_best(self) -> Mapping[str, frozenset[str]]:
        """Column -> the best entry, and those that are not told apart from it; if some are.

        By sign flips of whole contents and styles (`eval.analysis.flips`), Holm-corrected over all
        two entries. Seconds of several machines have none.
        """
        found = {}
        for column in self.columns:
            ranked = [line for line in self.lines if column in line.means]
            if len(ranked) < 2 or (column == SECONDS and not self.one_machine):
                continue
            sign = -1 if less_is_better(column) else 1
            best = max(ranked, key=lambda line: sign * line.means[column].value).name
            tests = paired_tests(self.values[column], column)
            apart = {
                row["a"] if row["b"] == best else row["b"]
                for row in tests.to_dict("records")
                if best in (row["a"], row["b"]) and row["p_holm"] < LEVEL
            }
            if apart:
                found[column] = frozenset({line.name for line in ranked} - apart)
        return found

    @property
    def one_machine(self) -> bool:
        """Whether all seconds were taken on one machine, so that they can be ranked."""
        machines = {line.machine for line in self.lines}
        return len(machines) == 1 and machines != {""}

    def ahead(self) -> Mapping[str, list[str]]:
        """Return title of a control -> the columns in which it is better than every entry."""
        found: dict[str, list[str]] = {}
        for column in QUALITIES:
            sign = -1 if less_is_better(column) else 1
            best = max(sign * line.means[column].value for line in self.lines)
            for line in self.controls:
                if column in line.means and sign * line.means[column].value > best:
                    found.setdefault(line.title, []).append(column)
        return found


def boards_of(entries: Sequence[Checked]) -> list[Board]:
    """Group entries into boards, those with the most entries first."""
    groups: dict[str, list[Checked]] = {}
    for each in entries:
        groups.setdefault(_digest(each.file.entry.pictures), []).append(each)
    boards = [Board(group[0].file.entry.pictures, tuple(group)) for group in groups.values()]
    return sorted(boards, key=lambda board: -len(board.checked))


def _digest(pictures: Pictures) -> str:
    """Return one text for pictures that can be compared: how they were rounded does not matter."""
    told = pictures.model_dump(exclude={"saving"})
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:10]


def _means(values: pd.DataFrame, column: str) -> dict[str, Mean]:
    known = values[values[column].notna()] if column in values else values[:0]
    if known.empty:
        return {}
    known = known.assign(**{column: known[column].astype(float)})
    return {
        str(row["label"]): Mean(row["mean"], row["low"], row["high"])
        for row in means(known, column).to_dict("records")
    }


def _line(checked: Checked, found: Mapping[str, Mean]) -> Line:
    entry = checked.file.entry
    machine, where = _machine(checked)
    twins = {mode for mode, first in entry.cells[0].twin_of.items() if mode != first}
    return Line(
        name=entry.form.name,
        title=entry.form.title,
        means=found,
        outputs=len(entry.modes),
        distinct=len(set(entry.modes) - twins),
        machine=machine,
        where=where,
        checked=checked,
    )


def _machine(checked: Checked) -> tuple[str, str]:
    """Return what an entry's seconds are comparable within, and what readers see of it."""
    entry: Entry = checked.file.entry
    if all(cell.cost.seconds_per_output is None for cell in entry.cells):
        return "", "not told"
    if entry.made.method == "external":
        return "", "told by its makers, on a machine of theirs"
    machines = {entry.environments[cell.environment].machine for cell in entry.cells}
    if len(machines) > 1:
        return "", f"{len(machines)} machines"
    together = any(cell.cost.rows_beside for cell in entry.cells)
    name = machines.pop()
    return name, f"{name}{'; pairs computed together' if together else ''}"
