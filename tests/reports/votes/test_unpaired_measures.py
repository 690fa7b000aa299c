"""Measures beside choices, rankings and ratings: counted by hand, and of simulated people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.inputs.votes import Votes
from reports.votes.agreement import METHODS
from reports.votes.beside import with_choice
from reports.votes.unpaired_agreement import (
    correlation,
    readable_measures,
    share_in_front,
    unpaired_agreement,
)
from studies.analysis.by_task import results_of
from studies.analysis.choices import counted_choices
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import every_pair, simulate, vote_row
from studies.analysis.simulated.raters import Raters, even_ratings
from studies.ballots.poll import Poll
from studies.design.trial import Side, Task, Trial

TASTE = {"a": 1.0, "b": 0.3, "c": -0.3, "d": -1.0}
PICTURES = (5, 6)


def shown(methods: str, style: str = "s") -> Trial:
    left, right, *more = (Side("output", method, "0") for method in methods)
    return Trial("vote", "c", style, left, right, more=tuple(more))


def rated(method: str, style: str) -> Trial:
    return Trial("vote", "c", style, Side("output", method, "0"), Side("none"))


def answers(given: Sequence[tuple[str, Trial, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [vote_row(who, 0, place, *rest) for place, (who, *rest) in enumerate(given)]
    )


def speaks(**values: float) -> pd.Series:
    """What speaks for each method, on two styles; negative on the second."""
    rows = {
        ("c", style, method, "0"): sign * value
        for style, sign in (("s", 1), ("t", -1))
        for method, value in values.items()
    }
    return pd.Series(rows).rename_axis(["content", "style", "label", "mode"])


def test_pairs_of_rankings_and_choices_counted_by_hand():
    value = speaks(a=3.0, b=2.0, c=2.0, d=np.nan)
    orders = answers(
        [("p", shown("abc"), "ABC"), ("q", shown("cab"), "CAB"), ("r", shown("bad"), "BCA")]
    )
    # a, b, c: two are right, and b and c are equal. b, c, a: two are wrong, and b and c are equal.
    # a, d, b: a over b is right, and nothing is known of d.
    found = share_in_front(counted_choices(orders, tuple("abcd"), 3), value)
    assert found[:3] == (3, 2, pytest.approx(3 / 5))
    assert found.low < 3 / 5 < found.high
    turned = orders.assign(style="t")
    assert share_in_front(counted_choices(turned, tuple("abcd"), 3), value).value == 2 / 5
    choices = answers(
        [("p", shown("abc"), "A"), ("q", shown("abc"), "B"), ("r", shown("bdc"), "A")]
    )
    # a over b and c; b over a is wrong, b and c are equal; b over d is unknown, b and c equal.
    found = share_in_front(counted_choices(choices, tuple("abcd"), 3), value)
    assert found[:3] == (2, 2, pytest.approx(2 / 3))
    assert np.isnan(share_in_front(counted_choices(choices[:0], tuple("abcd"), 3), value).value)


def test_marks_beside_ranks_by_hand():
    value = speaks(a=9.0, b=2.0, c=1.0)
    # Ranks are 1, 0, -1 for a, b, c in style s, and turned in t.
    marks = [
        *(("p", "a", "s", 5), ("p", "b", "s", 3), ("p", "c", "s", 1), ("p", "c", "t", 5)),
        *(("q", "b", "t", 2), ("q", "c", "t", 2), ("q", "a", "t", 1), ("r", "a", "s", 1)),
    ]
    given = answers([(who, rated(method, style), str(mark)) for who, method, style, mark in marks])
    found = correlation(given, value)
    ranks, mark = np.array([1, 0, -1, 1, 0, 1, -1.0]), np.array([5, 3, 1, 5, 2, 2, 1.0])
    for mine in (slice(0, 4), slice(4, 7)):  # r rated once
        ranks[mine] -= ranks[mine].mean()
        mark[mine] -= mark[mine].mean()
    assert found.votes == 7
    assert found.value == pytest.approx(np.corrcoef(ranks, mark)[0, 1])
    assert np.isnan(found.low)  # two people
    perfect = correlation(given[:4], value)
    assert perfect.value == pytest.approx(1)
    nothing = correlation(given, speaks(a=1.0, b=1.0, c=1.0))
    assert (nothing.equal, np.isnan(nothing.value)) == (8, True)


def study(task: Task, seed: int = 1) -> tuple[Votes, dict[str, pd.DataFrame]]:
    """Return a closed study of 24 people, and a run whose style loss they go by, in part."""
    labels, random = tuple(TASTE), np.random.default_rng(0)
    rows = [
        {"content": content, "style": style, "label": label, "mode": "0",
         "style_loss": np.exp(0.4 * random.normal() - TASTE[label]),
         "relative_style_loss": 1.0, "ssim_content": random.random()}
        for content, style in every_pair(PICTURES) for label in labels
    ]  # fmt: skip
    outputs = pd.DataFrame(rows)
    cells = outputs[["content", "style", "label"]].assign(seconds_per_output=random.random(120))
    people: Any
    if task == "rating":
        people = Raters(TASTE, (-2.0, -0.7, 0.7, 2.0), 0.4, 0.4, 0.4)
        design = even_ratings(labels, 24, 20, seed, PICTURES)
    else:
        people = Choosers(TASTE, task == "ranking", spread=0.4, pictures=0.4)
        design = even_choices(labels, 24, 10, 3, seed, PICTURES)
    votes, joined = simulate(design, people, seed)
    settings = {"task": task, "scale": 5, "pictures": 3, "drop_at": 1, "questions": ["overall"],
                "methods": {label: label.upper() for label in labels}}  # fmt: skip
    poll = Poll("made up", "", settings, "", "2026-01-02", votes[["slot", "kind"]], joined, votes)
    return Votes(poll, "", (), {}, results_of(poll, 50)), {"outputs": outputs, "cells": cells}


@pytest.mark.parametrize("task", ["best", "ranking", "rating"])
def test_a_measure_that_people_go_by_is_told_from_one_they_do_not(task: Task):
    votes, tables = study(task)
    table = unpaired_agreement(votes, tables).set_index("measure")
    nothing, value = (0.0, "correlation") if task == "rating" else (0.5, "share")
    assert table.loc["style_loss", "cluster_low"] > nothing + 0.05
    assert table.loc[METHODS, "cluster_low"] > nothing
    assert table.loc["ssim_content", "cluster_low"] < nothing < table.loc["ssim_content"].iloc[6]
    assert table.loc["style_loss", ["expected", "tau", "methods"]].tolist() == ["less", 1, 4]
    assert np.isnan(table.loc["relative_style_loss", value])  # all outputs have the same
    assert table.loc["style_loss", "votes"] == (480 if task == "rating" else 240)
    told = readable_measures(table.reset_index())
    assert told["measure"].iloc[0] == METHODS
    assert told.columns.is_unique


@pytest.mark.parametrize(
    ("task", "head"),
    [("best", "best of those shown"), ("ranking", "mean place"), ("rating", "mean mark")],
)
def test_what_people_said_stands_beside_the_measures_of_a_method(task: Task, head: str):
    votes, _ = study(task)
    table = with_choice(pd.DataFrame({"method": ["A", "D", "other"]}), votes)
    first, last, other = table[f"people's choice, {head}"]
    assert first < last if task == "ranking" else first > last
    assert np.isnan(other)
    assert table[f"people's choice, {head}, 95 % interval"].iloc[2] == "–"


@pytest.mark.slow
@pytest.mark.parametrize("task", ["best", "ranking", "rating"])
def test_intervals_of_a_measure_that_says_nothing_hold_nothing(task: Task):
    """SSIM is drawn at random, so that the truth is known: in 60 studies, each on its own."""
    nothing, held = (0.0 if task == "rating" else 0.5), []
    for seed in range(60):
        votes, tables = study(task, seed)
        random = np.random.default_rng(seed)
        drawn = tables["outputs"].assign(ssim_content=random.random(len(tables["outputs"])))
        row = unpaired_agreement(votes, tables | {"outputs": drawn}).set_index("measure").loc[
            "ssim_content"
        ]  # fmt: skip
        held.append(row["cluster_low"] <= nothing <= row["cluster_high"])
    assert np.mean(held) == pytest.approx(0.95, abs=0.07)
