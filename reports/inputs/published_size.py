"""What was measured at the published size once: ``reports/published``, read for the claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from eval.published.scale_conclusions import CONCLUSIONS

FOLDER = Path(__file__).parents[1] / "published"
#: Conclusion that claims rest on -> the number of ``scale.csv`` that it is about.
NUMBER_OF: Mapping[str, str] = MappingProxyType(
    {
        "loss_falls": "loss_ratio",
        "own_gap_closed": "style_gap_own",
        "unrotated_gap_closed": "style_gap_unrotated",
    }
)


@dataclass(frozen=True)
class Answer:
    """What the published size says of a conclusion about one mode.

    Attributes:
        true: in how many pairs it is true.
        pairs: how many pairs there are.
        low: the smallest of the number that it is about, over the pairs.
        high: the largest.
    """

    true: int
    pairs: int
    low: float
    high: float

    @property
    def numbers(self) -> str:
        """The range of the number, for readers."""
        return f"{self.low:.2g} to {self.high:.2g}"


def answers(method: str, conclusion: str) -> dict[str, Answer]:
    """Return mode -> what the published size says of it, at the published iterations.

    Args:
        method: ``dfr`` or ``decormst``.
        conclusion: a key of `NUMBER_OF`; `eval.published.scale_conclusions` says when it is true.

    Returns:
        nothing, where the table is not there; without the modes whose number was not taken.
    """
    number, holds = NUMBER_OF[conclusion], CONCLUSIONS[conclusion]
    outputs = _outputs(method)
    if outputs.empty:
        return {}
    found = {}
    for mode, rows in outputs.dropna(subset=number).groupby("mode", sort=False):
        true, values = int(holds(rows).sum()), rows[number]
        found[str(mode)] = Answer(true, len(rows), float(values.min()), float(values.max()))
    return found


def nearer_by_e(method: str) -> str:
    """Tell of each mode in how many pairs it is nearer to the style than the content, by E.

    Args:
        method: ``dfr`` or ``decormst``.

    Returns:
        a sentence; empty where the table is not there.
    """
    outputs = _outputs(method)
    if outputs.empty or "e_of_content" not in outputs:
        return ""
    nearer = CONCLUSIONS["e_above_content"](outputs).groupby(outputs["mode"], sort=False)
    told = ", ".join(f"{mode} {part.sum()} of {len(part)}" for mode, part in nearer)
    return f"Pairs in which the E statistic is above the content picture's: {told}."


def _outputs(method: str) -> pd.DataFrame:
    """Return the outputs at the published size after the published iterations."""
    file = FOLDER / "scale.csv"
    if not file.is_file():
        return pd.DataFrame()
    outputs = pd.read_csv(file)
    outputs = outputs[(outputs["method"] == method) & ~outputs["balanced"]]
    outputs = outputs[outputs["longest"] == outputs["longest"].max()]
    last: pd.DataFrame = outputs[outputs["iterations"] == outputs["iterations"].max()]
    return last
