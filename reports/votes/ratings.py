"""The ranking of a study of ratings: its tables for reading and for keeping, and its chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reports.figures.plotstyle import Figure
from reports.inputs.votes import Votes
from reports.votes.tables import spans
from reports.votes.unpaired import behind, left_out, named, share_chart
from studies.analysis.rating_results import RatingResult

Results = Mapping[str, RatingResult]


def said_of_ratings(votes: Votes, results: Results) -> list[str]:
    """Return sentences: how much stands behind the ranking, and how far it can be trusted."""
    result = results[votes.first]
    again, alpha = result.consistency.iloc[0], result.agreement.iloc[0]
    scale = votes.poll.settings["scale"]
    told = [behind(votes, result, f"ratings from 1 to {scale}"), votes.plan]
    if again["repeats"]:
        told.append(
            f"The same mark for the same picture again: {again['share']:.0%} of "
            f"{int(again['repeats'])} repeats (by chance {again['chance']:.0%}); marks differ by "
            f"{again['difference']:.2f} on average."
        )
    if alpha["alpha"] == alpha["alpha"]:
        told.append(
            f"Agreement between participants (Krippendorff's α, ordinal): {alpha['alpha']:.2f} on "
            f"{int(alpha['shared'])} outputs that two or more rated."
        )
    return [votes.titled(text) for text in [*told, *left_out(votes, result)]]


def rating_ranking(votes: Votes, result: RatingResult) -> pd.DataFrame:
    """Return the methods, the strongest first, for reading."""
    table = result.strengths
    return pd.DataFrame(
        {
            "rank": table["rank"],
            "method": table["method"].map(votes.titles),
            "ratings": table["votes"],
            "mean": table["mean"],
            "mean, 95 % interval": spans(table, "mean_low", "mean_high", ".2f"),
            "strength": table["strength"],
            "strength, 95 % interval": spans(table, "low", "high", "+.2f"),
            "best": table["best"],
        }
    )


def rating_parts(votes: Votes, table: pd.DataFrame) -> pd.DataFrame:
    """Return mean marks by output or by style, for reading."""
    return pd.DataFrame(
        {
            **named(votes, table),
            "ratings": table["votes"],
            "mean": table["mean"],
            "mean, 95 % interval": spans(table, "low", "high", ".2f"),
        }
    )


def rating_chart(votes: Votes, results: Results, folder: Path) -> Figure:
    """Draw each method's marks, and its strength with its interval; one row per question."""
    return share_chart(
        votes,
        results,
        folder,
        "votes_ratings",
        "Ratings of each method",
        "Left: the share of each mark, the lowest darkest orange, the highest darkest violet. "
        "Right: log strengths of the cumulative link model",
        {question: result.marks for question, result in results.items()},
    )
