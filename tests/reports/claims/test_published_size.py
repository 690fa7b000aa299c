"""Who may judge published pictures: the published size, or another one that agrees with it."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from reports.claims import rules
from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN
from reports.inputs import published_size
from tests.reports.made_up_runs import PUBLISHED, enlarged


def verdict(run, judge) -> str:
    return judge(run).verdict


def tables_of(folder, method, conclusion, answers, least_side=""):
    """Tables of the published size with these answers: mode -> one number for each pair."""
    number = published_size.NUMBER_OF[conclusion]
    longest, iterations = {"dfr": (512, 3000), "decormst": (481, 1000)}[method]
    outputs = [
        {"method": method, "pair": f"p{i}", "longest": longest, "balanced": False,
         "iterations": iterations, "mode": mode, number: value}
        for mode, values in answers.items() for i, value in enumerate(values)
    ]  # fmt: skip
    pd.DataFrame(outputs).to_csv(folder / "scale.csv", index=False)
    said = [
        {"method": method, "conclusion": conclusion, "mode": mode, "other_mode": "",
         "published": "yes", "balanced": True, "depth": "published", "least_side": least_side}
        for mode in answers
    ]  # fmt: skip
    pd.DataFrame(said).to_csv(folder / "scale_conclusions.csv", index=False)


FOUR = ("gram", "pearson", "covariance", "euclidean")


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ((0.5, 0.9, 0.99), HOLDS),
        ((1.5, 1.9, 1.01), CONTRADICTED),
        ((0.5, 0.9, 1.01), OPEN),
    ],
)
def test_a_small_run_leaves_the_verdict_to_the_published_size(run, no_tables, ends, found):
    tables_of(no_tables, "decormst", "loss_falls", {**dict.fromkeys(FOUR, (0.1, 0.1, 0.1)),
                                                    "gram": ends})  # fmt: skip
    claim = rules.four_correlations(run)
    assert claim.verdict == found
    assert "321 × 481, 1000 iterations, 3 pairs, colours in the order of" in claim.scale
    assert f"gram {min(ends):.2g} to {max(ends):.2g}" in claim.measured
    assert bool(claim.decides) == (found == OPEN)


@pytest.mark.usefixtures("no_tables")
def test_without_the_published_size_a_small_run_leaves_it_open(run):
    for judge in (rules.targets_reached, rules.style_reached, rules.four_correlations,
                  rules.cosine, rules.lambda_controls):  # fmt: skip
        claim = judge(run)
        assert claim.verdict == OPEN
        assert claim.decides


def test_modes_are_judged_by_their_own_target_and_by_the_style_apart(run, no_tables):
    """At the published size the modes of 90 and 270 reach their target, which is not the style."""
    near, far = (0.9, 0.95, 0.99), (0.1, -0.4, 0.2)
    modes = dict.fromkeys(("rot000", "rot090", "rot180", "rot270"), near)
    tables_of(no_tables, "dfr", "own_gap_closed", modes)
    assert verdict(run, rules.targets_reached) == HOLDS
    tables_of(no_tables, "dfr", "unrotated_gap_closed", {**modes, "rot090": far, "rot270": far})
    assert verdict(run, rules.style_reached) == CONTRADICTED


@pytest.mark.parametrize(
    ("side", "balanced", "iterations", "least", "found"),
    [
        (128, True, 1000, "128", CONTRADICTED),
        (127, True, 1000, "128", HOLDS),
        (128, False, 1000, "128", HOLDS),
        (128, True, 999, "128", HOLDS),
        (128, True, 1000, "", HOLDS),
    ],
)
def test_a_miniature_judges_where_the_study_of_scale_says_that_it_agrees(
    run, no_tables, side, balanced, iterations, least, found
):
    """In the run every loss rises; at the published size every one falls."""
    tables_of(no_tables, "decormst", "loss_falls", dict.fromkeys(FOUR, (0.1, 0.1)), least)
    small = enlarged(run, 5, "adam", iterations, [96, side])
    for cell in small.cells:
        cell["settings"]["balanced"] = balanced
    curves = small.tables["curves"].assign(loss=lambda lines: 1.0 + lines["iteration"])
    small = dataclasses.replace(small, tables={**small.tables, "curves": curves})
    claim = rules.four_correlations(small)
    assert claim.verdict == found
    assert ("Another size" in claim.scale) == (found == CONTRADICTED)


@pytest.mark.parametrize(
    ("solver", "iterations", "size", "pairs", "found"),
    [
        ("adam", 3000, PUBLISHED, 5, CONTRADICTED),
        ("adam", 2999, PUBLISHED, 5, OPEN),
        ("adam", 3000, [421, 512], 5, OPEN),
        ("adam", 3000, [512, 512], 5, OPEN),
        ("adam", 3000, [512, 422], 5, OPEN),
        ("adam", 3000, PUBLISHED, 4, OPEN),
        ("fast", 3000, PUBLISHED, 5, OPEN),
    ],
)
@pytest.mark.usefixtures("no_tables")
def test_published_pictures_are_judged_at_the_published_scale_only(
    run, solver, iterations, size, pairs, found
):
    large = enlarged(run, pairs, solver, iterations, size)
    outputs = large.tables["outputs"].assign(style_gap_closed=0.1)
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, rules.style_reached) == found


@pytest.mark.usefixtures("no_tables")
@pytest.mark.parametrize(
    "other",
    [
        {"loss_weights": {"content": 1e4, "style": 1e-3, "variation": 30.0}},
        {"solver": {"lr": 0.05}},
        {"solver": {"counter_steps": 1}},
        {"fusion": "features"},
    ],
)
def test_a_run_with_other_settings_does_not_judge(run, other):
    large = enlarged(run)
    outputs = large.tables["outputs"].assign(style_gap_closed=0.1)
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, rules.style_reached) == CONTRADICTED
    for cell in large.cells:
        if cell["method"] == "dfr":
            solver = {**cell["settings"]["solver"], **other.get("solver", {})}
            cell["settings"] = {**cell["settings"], **other, "solver": solver}
    assert verdict(large, rules.style_reached) == OPEN


@pytest.mark.usefixtures("no_tables")
def test_a_run_in_bfloat16_or_of_other_weights_does_not_judge(run):
    large = enlarged(run)
    outputs = large.tables["outputs"].assign(style_gap_closed=0.1)
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    for change in ({"profile": {**large.identity["profile"], "precision": "bf16"}},
                   {"weights": {"source": "torchvision", "sha256": ""}}):  # fmt: skip
        other = dataclasses.replace(large, identity={**large.identity, **change})
        assert verdict(other, rules.style_reached) == OPEN


@pytest.mark.usefixtures("no_tables")
def test_one_correlation_does_not_stand_for_four(run):
    large = enlarged(run)
    curves = large.tables["curves"]
    curves = curves[~curves["mode"].isin(["pearson", "covariance", "euclidean"])]
    large = dataclasses.replace(large, tables={**large.tables, "curves": curves})
    assert verdict(large, rules.four_correlations) == OPEN
