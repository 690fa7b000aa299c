"""The ranking of a study of choices or rankings: its tables for reading, and its chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reports.figures.plotstyle import Figure
from reports.inputs.votes import Votes
from reports.votes.tables import spans
from reports.votes.unpaired import behind, left_out, named, share_chart
from studies.analysis.choice_results import ChoiceResult

Results = Mapping[str, ChoiceResult]


def said_of_choices(votes: Votes, results: Results) -> list[str]:
    """Return sentences: how much stands behind the ranking, and how far it can be trusted."""
    result = results[votes.first]
    settings = votes.poll.settings
    whole = settings["task"] == "ranking"
    answers = "rankings" if whole else "choices of the best"
    told = [behind(votes, result, f"{answers} of {settings['pictures']} pictures"), votes.plan]
    again, alpha = result.consistency.iloc[0], result.agreement.iloc[0]
    if again["repeats"]:
        tau = f", and a mean rank correlation (Kendall's τ) of {again['tau']:.2f}" if whole else ""
        told.append(
            f"The same best one of the same pictures again: {again['share']:.0%} of "
            f"{int(again['repeats'])} repeats (by chance {again['chance']:.0%}){tau}."
        )
    if alpha["alpha"] == alpha["alpha"]:
        level = "ordinal" if whole else "nominal"
        told.append(
            f"Agreement between participants (Krippendorff's α, {level}): {alpha['alpha']:.2f} on "
            f"{int(alpha['shared'])} sets of pictures that two or more saw."
        )
    places = result.places
    if len(places):
        shares = [f"{place} {share:.0%}" for place, share in places[["place", "share"]].to_numpy()]
        between = spans(places, "low", "high", ".0%")
        listed = ", ".join(f"{a} ({b})" for a, b in zip(shares, between, strict=True))
        told.append(
            f"The best by its place on the page: {listed}; without a bias, each "
            f"{1 / len(places):.0%}."
        )
    return [votes.titled(text) for text in [*told, *left_out(votes, result)]]


def choice_ranking(votes: Votes, result: ChoiceResult) -> pd.DataFrame:
    """Return the methods, the strongest first, for reading."""
    table = result.strengths
    found = {
        "rank": table["rank"],
        "method": table["method"].map(votes.titles),
        "shown": table["votes"],
        "best of those shown": table["first"],
        "best, 95 % interval": spans(table, "first_low", "first_high"),
    }
    if "place" in table:
        found |= {
            "mean place": table["place"],
            "place, 95 % interval": spans(table, "place_low", "place_high"),
        }
    return pd.DataFrame(
        {
            **found,
            "strength": table["strength"],
            "strength, 95 % interval": spans(table, "low", "high", "+.2f"),
            "chance of being best": table["best"],
        }
    )


def choice_parts(votes: Votes, table: pd.DataFrame) -> pd.DataFrame:
    """Return how often the best one was of an output, or of a style and method, for reading."""
    return pd.DataFrame(
        {
            **named(votes, table),
            "shown": table["votes"],
            "best of those shown": table["share"],
            "best, 95 % interval": spans(table, "low", "high"),
        }
    )


def beside_measures(votes: Votes) -> tuple[str, str]:
    """Return what stands beside the measures of a method; see `reports.votes.reading.Reading`."""
    whole = votes.poll.task == "ranking"
    return ("mean place", "place") if whole else ("best of those shown", "first")


def choice_chart(votes: Votes, results: Results, folder: Path) -> Figure:
    """Draw how often each method had each rank, and its strength; one row per question."""
    whole = votes.poll.settings["task"] == "ranking"
    shares = {question: result.ranks for question, result in results.items()}
    if not whole:
        names = {1: "best", 2: "not the best"}
        shares = {
            question: table.assign(rank=table["rank"].map(names)).rename(columns={"rank": "choice"})
            for question, table in shares.items()
        }
    return share_chart(
        votes,
        results,
        folder,
        "votes_choices",
        "Ranks of each method" if whole else "How often each method is the best",
        (
            "Left: the share of each rank, the first darkest orange, the last darkest violet. "
            if whole
            else "Left: of the trials that show the method, the share in which it is the best "
            "(orange). "
        )
        + "Right: log strengths of the model of Plackett and Luce",
        shares,
    )
