"""The methods of the published user study: their shares of the votes beside this run's measures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
from scipy import stats

from eval.analysis import published_numbers as published
from reports.inputs.run_data import RunData
from reports.tables.diversity import diversity_table
from reports.tables.outputs import distinct_outputs
from reports.tables.readable import column_title

#: What the slides call a method -> its name in the table of methods.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AdaIN": "adain",
        "SAFIN": "safin",
        "AdaAttN": "adaattn",
        "LST": "lst",
        "DeCorMST": "decormst",
        "DFR": "dfr",
    }
)
_MEASURES = ("style_gap_closed", "e_statistic", "c_statistic", "lpips_content")


def votes_table() -> pd.DataFrame:
    """Return one row per method: share, votes of 600, and Wilson's 95 % interval."""
    rows = []
    for name, share in published.VOTE_SHARES.items():
        votes = round(share * published.VOTES)
        interval = stats.binomtest(votes, published.VOTES).proportion_ci(method="wilson")
        rows.append(
            {
                "method": name,
                "published share": share,
                "votes": votes,
                "low": float(interval.low),
                "high": float(interval.high),
            }
        )
    return pd.DataFrame(rows)


def label_of(run: RunData, name: str) -> str | None:
    """Return the run's first method that is the slides' method of a name; None if it has none.

    Other people's outputs count by their title.
    """
    methods = run.methods
    for cell_label, title in run.titles.items():
        method = methods.get(cell_label)
        if method == NAMES[name] or (method == "external" and title.lower() == name.lower()):
            return cell_label
    return None


def study_table(run: RunData) -> pd.DataFrame:
    """Return one row per method of the published user study.

    Returns:
        its share of the published votes with Wilson's 95 % interval; then, of this run, as means
        over pairs and over its outputs of different objectives: measures, diversity, and seconds
        per output (median over pairs); and whose weights it used. A method that the run has not
        has no numbers.
    """
    outputs = distinct_outputs(run.tables["outputs"])
    cells, diverse = run.tables["cells"], diversity_table(run)
    rows = []
    for voted in votes_table().to_dict("records"):
        label = label_of(run, str(voted["method"]))
        mine = outputs[outputs["label"] == label]
        used = run.identity.get("checkpoints", {}).get(label)
        rows.append(
            {
                "method": voted["method"],
                "published share of votes": voted["published share"],
                "low": voted["low"],
                "high": voted["high"],
                "in this run": "not in this run" if label is None else run.titles[label],
                "weights": "" if used is None else used["whose"],
                "outputs": float("nan") if label is None else float(mine["mode"].nunique()),
                **{column_title(name): mine[name].mean() for name in _MEASURES},
                "LPIPS diversity": diverse.loc[diverse["label"] == label, "diversity"].mean(),
                "seconds / output": cells.loc[
                    cells["label"] == label, "seconds_per_output"
                ].median(),
            }
        )
    return pd.DataFrame(rows)
