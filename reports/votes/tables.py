"""The tables of a user study: for reading, and as they are kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dfr.core.files import write_whole
from reports.inputs.votes import Votes, told_apart
from reports.tables.best import Best, apart
from reports.tables.readable import column_title
from reports.votes.agreement import METHODS

if TYPE_CHECKING:
    from studies.analysis.questions import QuestionResult

#: What stands over the comparison by strengths.
BY_STRENGTHS = "Every two methods by their strengths (not the planned comparison)"
#: How it differs from the planned one.
OF_STRENGTHS = (
    "The planned comparison of two methods is by the votes on the two alone. By their strengths, "
    "votes on other pairs count too: this tells more methods apart, and is right as far as one "
    "order of strengths describes everybody's votes; see the circular triples. A conclusion of it "
    "alone was not planned."
)
#: Of a clustered interval, in the heads of columns.
CLUSTERED = "95 % interval"


def question_tables(
    votes: Votes,
    results: Mapping[str, QuestionResult],
) -> dict[str, pd.DataFrame]:
    """Return ``votes_QUESTION_TABLE`` -> table, with who voted in its first column."""
    return {
        f"votes_{question}_{field.name}": votes.with_voters(getattr(result, field.name))
        for question, result in results.items()
        for field in dataclasses.fields(result)
    }


def kept_tables(votes: Votes, measures: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Return every table of a study with who voted in its first column.

    Args:
        votes: of a study that may be shown.
        measures: see `reports.votes.agreement.agreement_table`.

    Returns:
        ``votes_QUESTION_TABLE`` -> table, see `studies.analysis.pair_results.PairResult`; and
        ``votes_measures``.
    """
    found = question_tables(votes, votes.results)
    if measures is not None:
        found["votes_measures"] = votes.with_voters(measures)
    return found


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as CSV files of a folder, by their names."""
    for stem, table in tables.items():
        write_whole(folder / f"{stem}.csv", lambda path, t=table: t.to_csv(path, index=False))  # type: ignore[misc]


def doubtful(result: QuestionResult) -> str:
    """Name who is kept though they may not have looked, and why; "nobody" if there is nobody."""
    table = result.attention
    who = table[(table["doubtful"] != "") & ~table["dropped"]]
    return "; ".join(f"{row.participant} ({row.doubtful})" for row in who.itertuples()) or "nobody"


def ranking(votes: Votes, question: str) -> pd.DataFrame:
    """Return the methods, the strongest first, for reading."""
    table = votes.results[question].strengths
    return pd.DataFrame(
        {
            "rank": table["rank"],
            "method": table["method"].map(votes.titles),
            "strength": table["strength"],
            f"strength, {CLUSTERED}": spans(table, "low", "high", "+.2f"),
            "won against an average method": table["share"],
            f"won, {CLUSTERED}": spans(table, "share_low", "share_high"),
            "chance of being best": table["best"],
            "ranks, 95 %": spans(table, "rank_low", "rank_high", ".0f"),
            "votes": table["votes"],
        }
    )


def pairs(votes: Votes, question: str) -> pd.DataFrame:
    """Return every two methods against each other, for reading."""
    table = votes.results[question].pairs
    return pd.DataFrame(
        {
            "a": table["a"].map(votes.titles),
            "b": table["b"].map(votes.titles),
            "a won": table["wins"],
            "b won": table["losses"],
            "can't say": table["ties"],
            "a's share": table["share"],
            "95 % interval, all pairs at once": spans(table, "all_low", "all_high"),
            "p (all pairs at once)": table["p_all"],
            "told apart": [told_apart(row) for row in table.to_dict("records")],
            "95 % interval, this pair alone": spans(table, "cluster_low", "cluster_high"),
            "as if votes were independent (Wilson)": spans(table, "low", "high"),
        }
    )


def pairs_by_strengths(votes: Votes, question: str) -> pd.DataFrame:
    """Return every two methods by the difference of their strengths, for reading.

    Where pairs are adaptive, this is what `pairs` shows.
    """
    table = votes.results[question].pairs
    return pd.DataFrame(
        {
            "a": table["a"].map(votes.titles),
            "b": table["b"].map(votes.titles),
            "a's share by strengths": table["model_share"],
            "95 % interval, all pairs at once": spans(table, "model_all_low", "model_all_high"),
            "told apart by strengths": [
                "no interval" if low != low else "yes" if apart else "no"
                for low, apart in zip(table["model_all_low"], table["model_apart"], strict=True)
            ],
        }
    )


def shares(votes: Votes, question: str) -> pd.DataFrame:
    """Return each method's votes, for reading."""
    table = votes.results[question].shares
    return pd.DataFrame(
        {
            "method": table["method"].map(votes.titles),
            "shown": table["shown"],
            "won": table["won"],
            "can't say": table["tied"],
            "share of all decisive votes": table["share"],
            f"share, {CLUSTERED}": spans(table, "cluster_low", "cluster_high"),
            "won of those shown": table["win_share"],
            f"won, {CLUSTERED}": spans(table, "win_low", "win_high"),
        }
    )


def parts(votes: Votes, question: str, by: str) -> pd.DataFrame:
    """Return win shares by mode or by style, for reading.

    Args:
        votes: of a study that may be shown.
        question: of it.
        by: "modes" or "styles".
    """
    table = getattr(votes.results[question], by)
    named = {"modes": {"method": "method", "mode": "mode"},
             "styles": {"style": "style", "method": "method"}}[by]  # fmt: skip
    return pd.DataFrame(
        {
            **{
                head: table[column].map(votes.titles) if column == "method" else table[column]
                for column, head in named.items()
            },
            "shown": table["shown"],
            "won": table["won"],
            "can't say": table["tied"],
            "won of those shown": table["win_share"],
            CLUSTERED: spans(table, "win_low", "win_high"),
        }
    )


def trust(votes: Votes) -> pd.DataFrame:
    """Return how far the answers can be trusted, one line per question and check."""
    names = {"participants": "of single participants", "majority": "of the majority"}
    rows: list[dict[str, Any]] = []
    for question, result in votes.results.items():
        side, alpha, again = (
            getattr(result, name).iloc[0] for name in ("side_bias", "agreement", "consistency")
        )
        summary = result.summary.iloc[0]
        for what, value, span, chance, of in (
            ("left picture preferred", side["share"],
             _span(side["cluster_low"], side["cluster_high"]), 0.5,
             f"{side['votes']:.0f} decisive votes"),
            ("agreement between participants (Krippendorff's α)", alpha["alpha"],
             _span(alpha["low"], alpha["high"]), 0.0,
             f"{alpha['shared']:.0f} comparisons that two or more saw"),
            ("same answer to the same two pictures again", again["share"],
             _span(again["cluster_low"], again["cluster_high"]), again["chance"],
             f"{again['repeats']:.0f} repeats"),
            *(
                (f"circular triples (a over b over c over a), {names[row['level']]}",
                 row["share"], "–", row["chance"], f"{row['triples']:.0f} triples of methods")
                for row in result.transitivity.to_dict("records")
            ),
            ("\"can't say\"", summary["tie_share"], "–", np.nan, f"{summary['votes']:.0f} votes"),
        ):  # fmt: skip
            if what == '"can\'t say"' and not votes.poll.cannot_say:
                continue
            rows.append(
                {
                    "question": question,
                    "what": what,
                    "share or α": float(value),
                    CLUSTERED: span,
                    "by chance": float(chance),
                    "of": of,
                }
            )
    return pd.DataFrame(rows)


def measures(table: pd.DataFrame) -> pd.DataFrame:
    """Return the agreement of measures with votes, for reading.

    Args:
        table: see `reports.votes.agreement.agreement_table`.
    """
    return pd.DataFrame(
        {
            "question": table["question"],
            "measure": [measure_title(row) for row in table.to_dict("records")],
            "votes": table["votes"],
            "equal values": table["equal"],
            "better value chosen": table["share"],
            CLUSTERED: spans(table, "cluster_low", "cluster_high"),
            "as if votes were independent (Wilson)": spans(table, "low", "high"),
            "Kendall's τ": table["tau"],
            "methods": table["methods"],
        }
    )


def measure_title(row: Mapping[Any, Any]) -> str:
    """Return what readers see of a row of the agreement table, with the better direction."""
    if row["measure"] == METHODS:
        return METHODS
    return f"{column_title(str(row['measure']))} ({row['expected']})"


def best_by_votes(votes: Votes | None) -> list[Best]:
    """Return the strongest method as a row of the table of the best; none without a ranking.

    The lead over the second is of the votes between the two: the share won minus the share lost,
    of the decisive ones.
    """
    if votes is None or not votes.shown:
        return []
    result = votes.results[votes.first]
    ranked = result.strengths.dropna(subset="strength").to_dict("records")
    if not ranked:
        return []
    first, nothing = ranked[0], float("nan")
    others = [_lead(result.pairs, first["method"], other["method"]) for other in ranked[1:]]
    second = others[0] if others else {"lead": nothing, "low": nothing, "high": nothing}
    between = 0
    if others:
        both = {first["method"], ranked[1]["method"]}
        seen = votes.decisive(votes.first)
        seen = seen[seen["left_method"].isin(both) & seen["right_method"].isin(both)]
        between = len(seen.drop_duplicates(["content", "style"]))
    return [
        Best(
            measure="votes",
            title=f"{votes.choice} ({votes.first})",
            method=votes.titles[str(first["method"])],
            value=float(first["share"]),
            runner_up=votes.titles[str(ranked[1]["method"])] if others else "",
            lead=second["lead"],
            low=second["low"],
            high=second["high"],
            p=float(np.max([other["p"] for other in others])) if others else nothing,
            pairs=between,
            apart=apart(others),
        )
    ]


def _lead(pairs: pd.DataFrame, first: str, other: str) -> dict[str, float]:
    """Return the share won minus the share lost, of the votes between two, with interval and p."""
    both = {first, other}
    row = pairs[pairs["a"].isin(both) & pairs["b"].isin(both)].iloc[0]
    sign = 1 if row["a"] == first else -1
    low, high = sorted(sign * (2 * row[end] - 1) for end in ("cluster_low", "cluster_high"))
    return {
        "lead": float(sign * (2 * row["share"] - 1)), "low": float(low), "high": float(high),
        "p": float(row["p"]),
    }  # fmt: skip


def spans(table: pd.DataFrame, low: str, high: str, digits: str = ".2f") -> list[str]:
    """Write the intervals of a table for reading; a dash where there is none."""
    return [_span(a, b, digits) for a, b in zip(table[low], table[high], strict=True)]


def _span(low: float, high: float, digits: str = ".2f") -> str:
    """Write an interval; a dash where there is none."""
    if low != low or high != high:
        return "–"
    return f"{low:{digits}} to {high:{digits}}"
