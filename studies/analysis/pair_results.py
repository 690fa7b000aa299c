"""The analysis of a study of pairs: from votes to tables. See `studies.analysis.questions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studies.analysis import agreement, transitivity, winrates
from studies.analysis.agreement import DRAWS
from studies.analysis.questions import QuestionResult, analyse_each, strongest_first
from studies.analysis.strengths import rank
from studies.analysis.tally import counted, tally


@dataclass(frozen=True)
class PairResult(QuestionResult):
    """Everything about one question of a study of pairs, beside what `QuestionResult` tells.

    Attributes:
        summary: also ties and their share, and ν of Davidson's model with its clustered interval.
        strengths: `studies.analysis.strengths.Ranking`'s table.
        pairs: `studies.analysis.winrates.pairs_table`.
        shares: `studies.analysis.winrates.vote_shares`.
        modes: `studies.analysis.winrates.modes_table`.
        styles: as ``shares``, of the votes on this style, and the strength.
        side_bias: `studies.analysis.winrates.side_bias`.
        agreement: `studies.analysis.agreement.alpha_table`.
        consistency: `studies.analysis.agreement.self_consistency`.
        transitivity: `studies.analysis.transitivity.transitivity`.
        participants: `studies.analysis.transitivity.by_participant`.
    """

    shares: pd.DataFrame
    side_bias: pd.DataFrame
    transitivity: pd.DataFrame
    participants: pd.DataFrame


def analyse_pairs(
    votes: pd.DataFrame,
    participants: pd.DataFrame,
    *,
    methods: Sequence[str],
    drop_at: int,
    questions: Sequence[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, PairResult]:
    """Analyse a study, also one that has only begun; what cannot be told yet is NaN.

    Args:
        votes: one row per answer, with `studies.analysis.tally.VOTE_COLUMNS`.
        participants: one row each, with `studies.analysis.tally.PARTICIPANT_COLUMNS`.
        methods: labels of the methods that are ranked, in order.
        drop_at: a participant who failed this many catch trials is left out.
        questions: those to report, whether answered yet or not.
        seed: of what is drawn: ranks, and participants for agreement.
        draws: how often.

    Returns:
        the results by question: those asked for, then any other that was answered.
    """
    found = analyse_each(
        votes,
        participants,
        drop_at,
        questions,
        lambda kept: _tables(kept, methods, draws, seed),
        lambda asked: _strengths(asked, methods, draws, seed),
    )
    return {question: PairResult(**tables) for question, tables in found.items()}


def _strengths(votes: pd.DataFrame, methods: Sequence[str], draws: int, seed: int) -> pd.DataFrame:
    return strongest_first(rank(tally(votes, methods), draws, seed).table)


def _tables(
    votes: pd.DataFrame, methods: Sequence[str], draws: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the tables that stand on the votes of who is kept; see `PairResult`."""
    counts = tally(votes, methods)
    ranking = rank(counts, draws, seed)
    fair = counted(votes, methods)
    ties = int((fair["answer"] == "tie").sum())
    summary = {
        "participants": len(counts.participants),
        "votes": len(fair),
        "ties": ties,
        "tie_share": ties / len(fair) if len(fair) else np.nan,
        "nu": ranking.tie,
        "nu_low": ranking.tie_low,
        "nu_high": ranking.tie_high,
        "median_seconds": float(fair["seconds"].astype(float).median()),
    }
    return {
        "summary": pd.DataFrame([summary]),
        "strengths": strongest_first(ranking.table),
        "pairs": winrates.pairs_table(counts),
        "shares": winrates.vote_shares(counts),
        "modes": winrates.modes_table(votes, methods),
        "styles": _by_style(fair, methods, draws, seed),
        "side_bias": winrates.side_bias(votes, methods),
        "agreement": agreement.alpha_table(fair, draws, seed),
        "consistency": agreement.self_consistency(votes),
        "transitivity": transitivity.transitivity(counts),
        "participants": transitivity.by_participant(counts),
    }


def _by_style(votes: pd.DataFrame, methods: Sequence[str], draws: int, seed: int) -> pd.DataFrame:
    """Return shares and strengths of each style's votes; see `PairResult`."""

    def one(style: str, rows: pd.DataFrame) -> pd.DataFrame:
        counts = tally(rows, methods)
        shares = winrates.vote_shares(counts)
        strengths = rank(counts, draws, seed).table[["strength", "low", "high", "basis"]]
        strengths = strengths.rename(columns={"low": "strength_low", "high": "strength_high"})
        found = pd.concat([shares, strengths], axis=1)
        found.insert(0, "style", style)
        return found

    tables = [one(str(style), rows) for style, rows in votes.groupby("style", sort=True)]
    return pd.concat(tables, ignore_index=True) if tables else one("", votes).iloc[:0]
