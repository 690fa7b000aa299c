"""Numbers out of votes: verdicts, the row of the best, and the agreement of measures."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN
from reports.claims.votes import dfr_over_decormst, shares_differ
from reports.inputs.run_data import read_run
from reports.inputs.votes import SIMULATED, Votes, results
from reports.votes.agreement import METHODS, agreement_table
from reports.votes.beside import with_choice
from reports.votes.tables import best_by_votes, ranking
from studies.ballots.poll import Poll
from tests.reports.made_up_runs import enlarged
from tests.reports.votes.voting import STRENGTHS, in_memory


@pytest.fixture(scope="module")
def large(tiny_run):
    return enlarged(read_run(tiny_run))


def test_people_s_votes_judge_the_claim_about_dfr_and_decormst(large):
    def judged(**keywords):
        return dfr_over_decormst(dataclasses.replace(large, votes=in_memory(**keywords)))

    better = {"dfr": 1.0, "gatys": 0.0, "decormst": -1.0}
    worse = {"dfr": -1.0, "gatys": 0.0, "decormst": 1.0}
    published = dfr_over_decormst(large)
    assert published.verdict == OPEN and "independent votes: 13%" in published.measured
    assert judged(strengths=better).verdict == HOLDS
    assert judged(strengths=dict(reversed(better.items()))).verdict == HOLDS
    assert judged(strengths=worse).verdict == CONTRADICTED
    assert judged(strengths=dict.fromkeys(better, 0.0)).verdict == OPEN
    assert judged(strengths=better, simulated=True).verdict == OPEN
    assert SIMULATED in judged(strengths=better, simulated=True).measured
    assert judged(strengths=better, closed=False).verdict == OPEN
    assert judged(strengths=better).evidence == "votes_wins"
    pair = in_memory(better).results["overall"].pairs.set_index(["a", "b"]).loc["dfr", "decormst"]
    told = judged(strengths=better).measured
    assert f"DFR (code) won {pair['wins']:.0f} of {pair['wins'] + pair['losses']:.0f}" in told
    assert f"interval {pair['cluster_low']:.0%} to {pair['cluster_high']:.0%}" in told
    turned = judged(strengths=dict(reversed(better.items()))).measured
    assert re.search(r"DFR \(code\) won (\d+) of (\d+) decisive votes against DeCorMST", turned)
    small = dataclasses.replace(large, cells=large.cells[:3], votes=in_memory(better))
    assert dfr_over_decormst(small).verdict == OPEN
    assert "too few to judge by" in dfr_over_decormst(small).measured


def test_people_s_votes_must_tell_methods_apart_for_the_claim_about_shares(large):
    def judged(strengths):
        return shares_differ(dataclasses.replace(large, votes=in_memory(strengths)))

    assert judged({"dfr": 1.0, "gatys": 0.0, "decormst": -1.0}).verdict == HOLDS
    same = judged({"dfr": 0.0, "gatys": 0.0, "decormst": 0.0})
    assert same.verdict == OPEN
    published = shares_differ(large)
    assert published.verdict == OPEN and "design effect above 1.67" in published.measured
    assert "600 votes of 30 people on 3 methods" in same.measured
    assert re.search(
        r"DFR \(code\) 0\.\d\d \[0\.\d\d, 0\.\d\d\] \(published: 0\.16\)", same.measured
    )
    assert re.search(r"Gatys et al\. 0\.\d\d \[0\.\d\d, 0\.\d\d\][,.]", same.measured)


def test_the_row_of_the_best_is_of_the_votes_between_the_two():
    study = in_memory({"dfr": 0.2, "gatys": -1.2, "decormst": 1.0})
    item = best_by_votes(study)[0]
    pair = study.results["overall"].pairs.set_index(["a", "b"]).loc["dfr", "decormst"]
    assert (item.method, item.runner_up) == ("DeCorMST", "DFR (code)")
    assert item.lead == pytest.approx((pair["losses"] - pair["wins"])
                                      / (pair["losses"] + pair["wins"]))  # fmt: skip
    assert item.low == pytest.approx(1 - 2 * pair["cluster_high"])
    assert item.high == pytest.approx(1 - 2 * pair["cluster_low"])
    with_gatys = study.results["overall"].pairs.set_index(["a", "b"]).loc["gatys", "decormst"]
    assert item.p == max(pair["p"], with_gatys["p"])
    assert item.sure == ("clear" if pair["cluster_high"] < 0.5 else "not told apart")
    assert item.pairs == 1
    assert best_by_votes(None) == []


def test_a_method_outside_the_study_has_no_choice():
    table = with_choice(pd.DataFrame({"method": ["DFR (code)", "Other"]}), in_memory(STRENGTHS))
    assert table["people's choice"].isna().tolist() == [False, True]
    assert table["people's choice, 95 % interval"].tolist()[1] == "–"


def hand_made() -> tuple[Votes, dict[str, pd.DataFrame]]:
    """Two methods on three pairs of pictures; four people, one of whom failed the catch trials.

    Style loss of a is less on c0 and c1, more on c2. SSIM is equal on c0. The counted decisive
    votes: a on c0, three times; a on c1, once, and b once; b on c2, twice; and one tie.
    """
    outputs = pd.DataFrame(
        [
            {"content": f"c{k}", "style": "s", "label": label, "mode": "m",
             "style_loss": loss, "relative_style_loss": loss,
             "content_loss": 1.0 if label == "a" else 2.0,
             "style_gap_closed": -loss, "lpips_content": np.nan, "ssim_content": ssim,
             "e_statistic": -loss, "c_statistic": loss}
            for k, losses in enumerate(((1, 2, 5, 5), (1, 3, 5, 6), (4, 3, 7, 5)))
            for label, loss, ssim in (("a", losses[0], losses[2]), ("b", losses[1], losses[3]))
        ]
    )  # fmt: skip
    cells = pd.DataFrame([{"content": f"c{k}", "style": "s", "label": label,
                           "seconds_per_output": 1.0 if label == "b" else 2.0}
                          for k in range(3) for label in "ab"])  # fmt: skip
    rows = [
        ("p1", "c0", "a", "b", "left"), ("p1", "c1", "b", "a", "right"),
        ("p1", "c2", "a", "b", "right"), ("p2", "c0", "b", "a", "right"),
        ("p2", "c1", "a", "b", "right"), ("p2", "c2", "a", "b", "tie"),
        ("p3", "c0", "a", "b", "left"), ("p3", "c2", "b", "a", "left"),
        ("p4", "c0", "a", "b", "right"), ("p4", "c1", "a", "b", "right"),
    ]  # fmt: skip
    answers = pd.DataFrame(
        [
            {"participant": who, "slot": 0, "position": k, "kind": "vote", "question": "overall",
             "content": content, "style": "s", "left_source": "output", "left_method": left,
             "left_mode": "m", "right_source": "output", "right_method": right,
             "right_mode": "m", "answer": answer, "expected": "", "repeats": pd.NA, "seconds": 1.0}
            for k, (who, content, left, right, answer) in enumerate(rows)
        ]
    )  # fmt: skip
    failed = answers.iloc[[8, 8]].assign(kind="catch", expected="left", position=[20, 21])
    failed = failed.assign(right_source="noise", right_method="", right_mode="", answer="right")
    answers = pd.concat([answers, failed], ignore_index=True)
    joined = pd.DataFrame({"participant": ["p1", "p2", "p3", "p4"], "slot": 0, "joined_at": "",
                           "finished": True})  # fmt: skip
    settings = {"methods": {"a": "A", "b": "B"}, "drop_at": 2, "questions": ["overall"]}
    poll = Poll("hand", "", settings, "", "2026-01-02", answers[["slot", "kind"]], joined, answers)
    return Votes(poll, "", (), results(poll, draws=50)), {"outputs": outputs, "cells": cells}


def test_agreement_of_measures_counted_by_hand():
    table = agreement_table(*hand_made()).set_index("measure")
    # a, a, a on c0; a and b on c1; b, b on c2: less style loss is a, a, a, a, (not b,) b, b.
    assert table.loc["style_loss", ["votes", "equal", "agreed"]].tolist() == [7, 0, 6]
    assert table.loc["style_loss", "share"] == pytest.approx(6 / 7)
    assert table.loc["e_statistic", "agreed"] == 6
    assert table.loc["c_statistic", "agreed"] == 1  # more was expected, less was chosen
    # a always has less content loss, b always less seconds; a has four of the seven votes.
    assert table.loc["content_loss", "agreed"] == 4
    assert table.loc["seconds_per_output", "agreed"] == 3
    # Of c0 all values are equal; b has more on c1, a on c2: only the vote for b on c1 agrees.
    assert table.loc["ssim_content", ["votes", "equal", "agreed"]].tolist() == [4, 3, 1]
    assert "lpips_content" not in table.index  # the run has no number of it
    assert table.loc[METHODS, "agreed"] == 4
    assert table.loc["style_loss", "cluster_low"] < 6 / 7 < table.loc["style_loss", "cluster_high"]
    assert table.loc["content_loss", "expected"] == "less"
    assert table.loc["ssim_content", "expected"] == "more"
    # Means: style loss a 2, b 8/3; a is the stronger.
    tau = table["tau"]
    assert tau[["style_loss", "content_loss", "seconds_per_output"]].tolist() == [1, 1, -1]
    assert np.isnan(tau[METHODS])


def test_a_readable_ranking_has_no_two_columns_of_one_name():
    study = in_memory(STRENGTHS)
    assert ranking(study, "overall").columns.is_unique
