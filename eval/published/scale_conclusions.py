"""From which size on a conclusion, or a number, is that of the published size.

``python -m eval.published.scale_conclusions`` reads what `eval.published.scale` wrote and writes

- ``scale_conclusions.csv``: what may be said of outputs (``CONCLUSIONS``, ``ORDERS``, ``DIVERSE``),
  and the least longer side from which on it is what is said at the published size, for every pair
  of the study. Where the pairs disagree at the published size, there is no conclusion.
- ``scale_numbers.csv``: the median of each number by size, and the least longer side from which on
  no pair's number is further from its own at the published size than pairs differ there.

A side counts only if all larger ones agree too. Without a least side, only the published size can
tell. That is so for 90 and 270 degrees as published, which have no miniature
(`dfr.objective.balance`).
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import pandas as pd

from dfr.core.terminal import complaining
from eval.analysis.published_numbers import SIZES
from eval.published.numbers import write_tables

#: So much of a gap is closed where a conclusion says so. The bound is this suite's.
GAP_CLOSED = 0.5
#: A loss has fallen where the last over the first is below this.
LOSS_FALLEN = 1.0
#: Conclusion about one output -> whether it is true of a row of ``scale.csv``, or of each of many.
CONCLUSIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "loss_falls": lambda row: row["loss_ratio"] < LOSS_FALLEN,
        "own_gap_closed": lambda row: row["style_gap_own"] > GAP_CLOSED,
        "unrotated_gap_closed": lambda row: row["style_gap_unrotated"] > GAP_CLOSED,
        "e_above_content": lambda row: row["e_statistic"] > row["e_of_content"],
    }
)
#: Numbers of one output in ``scale.csv``.
NUMBERS = (
    "loss_ratio",
    "style_gap_own",
    "style_gap_unrotated",
    "content_loss",
    "e_statistic",
    "c_statistic",
    "lpips_content",
)
#: Conclusion about two modes -> the number of which the first has more.
ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "higher_unrotated_gap": "style_gap_unrotated",
        "higher_e": "e_statistic",
        "higher_c": "c_statistic",
        "further_from_content": "lpips_content",
    }
)
#: Conclusion about two modes: their outputs are further apart than two of one objective.
DIVERSE = "diverse"
#: Every conclusion in words; A is the mode, B the other.
IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "loss_falls": "the loss of A ends below its start",
        "own_gap_closed": "A closes more than half of the gap to its own target",
        "unrotated_gap_closed": "A closes more than half of the gap to the unrotated style",
        "e_above_content": "A is nearer to the style than the content picture is, by E",
        "higher_unrotated_gap": "A goes further to the unrotated style than B",
        "higher_e": "A has a higher E than B",
        "higher_c": "A has a higher C than B",
        "further_from_content": "A is further from the content than B, by LPIPS",
        DIVERSE: "A and B differ by more than chance, by LPIPS",
    }
)
#: Modes with another target at every size, in the published code's reading of the rotations: what
#: agrees with the published size there agrees by accident, and has no least side.
NO_MINIATURE = ("rot090", "rot270")
#: What a row of conclusions is of.
_OF = ["method", "conclusion", "mode", "other_mode"]


def conclusions(outputs: pd.DataFrame, between: pd.DataFrame) -> pd.DataFrame:
    """Return each conclusion with its least longer side, with and without the balance.

    Args:
        outputs: ``scale.csv``.
        between: ``scale_pairs.csv``.

    Returns:
        a row for each conclusion, balance and depth (300 iterations, or the published number):
        ``published`` is ``yes``, ``no`` or ``pairs disagree``; ``agrees_96`` and so on count the
        pairs that agree with it; ``least_side`` is empty where no smaller size will do.
    """
    facts = pd.DataFrame([*_of_outputs(outputs), *_of_modes(outputs), *_of_pairs(between)])
    facts["depth"] = facts["iterations"].where(facts["iterations"] == 300, "published")
    longest = facts["method"].map(lambda name: max(SIZES[name]))
    at_published = facts[facts["longest"] == longest]
    smaller = dict(iter(facts[facts["longest"] < longest].groupby(_OF)))
    rows = []
    for key, group in at_published.groupby(_OF, sort=False):
        answers = set(group["holds"])
        said = "pairs disagree" if len(answers) > 1 else "yes" if answers == {True} else "no"
        same = smaller.get(key, facts.iloc[:0])
        for (depth, balanced), part in same.groupby(["depth", "balanced"]):
            counts = {
                side: int((each["holds"] == group["holds"].iloc[0]).sum())
                for side, each in _by_side(part)
            }
            agree = {side: count == len(group) for side, count in counts.items()}
            rows.append(
                {
                    **dict(zip(_OF, key, strict=True)),
                    "published": said,
                    "pairs": len(group),
                    "balanced": balanced,
                    "depth": depth,
                    **{
                        f"agrees_{side}": count if len(answers) == 1 else None
                        for side, count in counts.items()
                    },
                    "least_side": least_side(agree)
                    if len(answers) == 1 and not set(NO_MINIATURE) & set(key)
                    else None,
                }
            )
    return _whole_numbers(pd.DataFrame(rows))


def numbers(outputs: pd.DataFrame, between: pd.DataFrame) -> pd.DataFrame:
    """Return each number's median over pairs by size, and its least longer side.

    Args:
        outputs: ``scale.csv``.
        between: ``scale_pairs.csv``: LPIPS between modes is one of the numbers.
    """
    outputs = outputs.melt(
        ["method", "pair", "longest", "balanced", "iterations", "mode"],
        list(NUMBERS),
        var_name="number",
    ).assign(other_mode="")
    between = between[between["mode_a"] != between["mode_b"]]
    between = between.rename(columns={"mode_a": "mode", "mode_b": "other_mode", "lpips": "value"})
    values = pd.concat([outputs, between.assign(number="lpips_between")]).dropna(subset="value")
    values["depth"] = values["iterations"].where(values["iterations"] == 300, "published")
    longest = values["method"].map(lambda name: max(SIZES[name]))
    names = ["method", "number", "mode", "other_mode"]
    smaller = dict(iter(values[values["longest"] < longest].groupby(names)))
    rows = []
    for key, group in values[values["longest"] == longest].groupby(names, sort=False):
        wanted = group.set_index("pair")["value"]
        spread = wanted.max() - wanted.min()
        same = smaller.get(key, values.iloc[:0])
        for (depth, balanced), part in same.groupby(["depth", "balanced"]):
            by_side = {side: each.set_index("pair")["value"] for side, each in _by_side(part)}
            agree = {
                side: bool(((each - wanted).abs() <= spread).all())
                for side, each in by_side.items()
            }
            rows.append(
                {
                    **dict(zip(names, key, strict=True)),
                    "balanced": balanced,
                    "depth": depth,
                    **{f"median_{side}": each.median() for side, each in by_side.items()},
                    "median_published": wanted.median(),
                    "spread_published": spread,
                    "least_side": None if set(NO_MINIATURE) & set(key) else least_side(agree),
                }
            )
    return _whole_numbers(pd.DataFrame(rows))


def least_side(agree: Mapping[int, bool]) -> int | None:
    """Return the least side from which on every side agrees; None where the largest does not.

    Args:
        agree: longer side in pixels -> whether what was found there is that of the published size.
    """
    good = list(itertools.takewhile(lambda side: agree[side], sorted(agree, reverse=True)))
    return good[-1] if good else None


def _of_outputs(outputs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in outputs.to_dict("records"):
        for conclusion, holds in CONCLUSIONS.items():
            if conclusion != "loss_falls" or row["loss_ratio"] > 0:  # told of some modes only
                yield {**_key(row), "conclusion": conclusion, "mode": row["mode"],
                       "other_mode": "", "holds": holds(row)}  # fmt: skip


def _of_modes(outputs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for _, cell in outputs.groupby(["method", "pair", "longest", "balanced", "iterations"]):
        rows = cell.to_dict("records")
        for first, other in itertools.combinations(rows, 2):
            for conclusion, number in ORDERS.items():
                yield {**_key(first), "conclusion": conclusion, "mode": first["mode"],
                       "other_mode": other["mode"],
                       "holds": first[number] > other[number]}  # fmt: skip


def _of_pairs(between: pd.DataFrame) -> Iterator[dict[str, Any]]:
    floors = floor_of_chance(between)
    for row in between[between["mode_a"] != between["mode_b"]].to_dict("records"):
        yield {**_key(row), "conclusion": DIVERSE, "mode": row["mode_a"],
               "other_mode": row["mode_b"],
               "holds": row["lpips"] > floors(row["pair"], row["longest"])}  # fmt: skip


def floor_of_chance(between: pd.DataFrame) -> Callable[[str, int], float]:
    """Return the floor of a pair at a longer side: the largest LPIPS of one objective's outputs.

    At DeCorMST's published size there are none, and those of the next larger size are taken.

    Args:
        between: ``scale_pairs.csv``.
    """
    twins = between[between["one_objective"]].groupby(["pair", "longest"])["lpips"].max()

    def floor(pair: str, longest: int) -> float:
        sides: Iterable[int] = twins[pair].index
        return float(twins[pair, min(side for side in sides if side >= longest)])

    return floor


def _key(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("method", "pair", "longest", "balanced", "iterations")}


def _by_side(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """Return the rows of each longer side, the smallest first."""
    return list(cast("Iterable[tuple[int, pd.DataFrame]]", rows.groupby("longest")))


def _whole_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Keep counts and sides whole where some are missing."""
    names = [name for name in table.columns if name.startswith(("agrees_", "least_side"))]
    return table.astype(dict.fromkeys(names, "Int64"))


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--tables", type=Path, default=Path("reports/published"))
    folder = parser.parse_args().tables
    outputs = pd.read_csv(folder / "scale.csv")
    between = pd.read_csv(folder / "scale_pairs.csv")
    found = {
        "scale_conclusions": conclusions(outputs, between),
        "scale_numbers": numbers(outputs, between),
    }
    write_tables(found, folder)


if __name__ == "__main__":
    with complaining():
        main()
