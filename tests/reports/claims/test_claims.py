"""Every verdict follows its rule, on runs of which the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from reports.claims import rules
from reports.claims.rules import all_claims
from reports.claims.verdicts import CONTRADICTED, HOLDS, NOT_COMPARABLE, OPEN, VERDICTS
from reports.inputs import published_size
from reports.inputs.run_data import read_run
from reports.tables import scale
from tests.reports.made_up_runs import PUBLISHED, both_solvers, enlarged, timing


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


def verdict(run, judge) -> str:
    return judge(run).verdict


def test_verdicts_of_the_audit_follow_the_data(run):
    assert verdict(run, rules.four_modes) == CONTRADICTED
    assert "rot000 and rot180 are the same" in rules.four_modes(run).measured
    assert verdict(run, rules.true_rotation) == CONTRADICTED
    four = [{**row, "distinct": 4, "groups": [[m] for m in row["modes"]]} for row in run.audit]
    assert verdict(dataclasses.replace(run, audit=four), rules.four_modes) == HOLDS
    assert verdict(dataclasses.replace(run, audit=[]), rules.four_modes) == OPEN


def test_published_seconds_are_not_compared(run):
    """Neither hardware nor pairs are told: what is known is told, and no verdict."""
    rows = [
        *timing(1, 2, 3, 4, slow=9),
        *timing(6, kind="method", names=("decormst",)),
        *loops(3),
    ]
    timed = dataclasses.replace(run, timing=rows)
    for judge in (rules.time_row, rules.three_days):
        assert verdict(timed, judge) == NOT_COMPARABLE
        assert verdict(dataclasses.replace(run, timing=[]), judge) == NOT_COMPARABLE
    row = rules.time_row(timed)
    assert "4.00 (95 % interval: 4.00 to 4.00) in 7 rounds" in row.measured
    # 361, 377, 396, 417: what would be paid for each output that is saved.
    assert "341 s and 18.7 s more for each output" in row.measured
    assert row.scale.startswith("This run: 60 × 80 pixels")


def loops(extra: float) -> list[dict]:
    """An iteration of DeCorMST's loops takes this much longer than the same in one call."""
    names = [f"{name} {form}" for name in ("pearson", "cosine") for form in ("loop", "vectorized")]
    each = extra / 10  # two of them, for each of five outputs
    return timing(0.1 + each, 0.1, 0.1 + each, 0.1, kind="correlations", names=tuple(names))


def test_the_cost_of_decormst_is_told_with_and_without_loops(run):
    rows = [
        *timing(1, 2, 3, 4),
        *timing(6, kind="method", names=("decormst",)),
        *loops(3),
    ]
    told = rules.three_days(dataclasses.replace(run, timing=rows)).measured
    assert "costs 0.500 (95 % interval" in told
    assert "with the loops 0.750 (95 % interval" in told
    assert "assumed" in told  # no sizes were timed


@pytest.fixture
def no_tables(monkeypatch, tmp_path):
    """As if nothing had been measured at the published size."""
    monkeypatch.setattr(published_size, "FOLDER", tmp_path)
    monkeypatch.setattr(scale, "TABLE", tmp_path / "scale_conclusions.csv")
    scale.conclusions.cache_clear()
    yield tmp_path
    scale.conclusions.cache_clear()


def tables_of(folder, method, conclusion, answers, least_side=""):
    """Tables of the published size with these answers: mode -> one number for each pair."""
    number, *_ = published_size.CONCLUSIONS[conclusion]
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


def test_verdict_of_lambda(run):
    large = enlarged(run)
    outputs = large.tables["outputs"].copy()
    amounts = {("dfr", "rot000"): 1.0, ("half", "rot090"): 2.0, ("dfr", "rot090"): 3.0}

    def judged(values):
        for (label, mode), value in values.items():
            here = (outputs["label"] == label) & (outputs["mode"] == mode)
            outputs.loc[here, "style_loss"] = value
        changed = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
        return verdict(changed, rules.lambda_controls)

    assert judged(amounts) == HOLDS
    assert judged({("half", "rot090"): 9.0}) == CONTRADICTED  # in no pair


@pytest.mark.parametrize(
    ("judge", "column"),
    [(rules.targets_reached, "own_gap_closed"), (rules.style_reached, "style_gap_closed")],
)
def test_verdict_of_effective_stylization(run, judge, column):
    large = enlarged(run)

    def judged(closed):
        outputs = large.tables["outputs"].assign(**{column: closed})
        return verdict(
            dataclasses.replace(large, tables={**large.tables, "outputs": outputs}), judge
        )

    assert judged(0.51) == HOLDS
    assert judged(0.49) == CONTRADICTED


@pytest.mark.parametrize("judge", [rules.four_correlations, rules.cosine])
@pytest.mark.usefixtures("no_tables")
def test_verdict_of_the_five_correlations(run, judge):
    large = enlarged(run)

    def judged(last):
        curves = large.tables["curves"].copy()
        end = curves["iteration"] == curves.groupby(["label", "mode"])["iteration"].transform("max")
        start = curves["iteration"] == 0
        curves.loc[start, "loss"] = 1.0
        curves.loc[end, "loss"] = last
        changed = dataclasses.replace(large, tables={**large.tables, "curves": curves})
        return verdict(changed, judge)

    assert judged(0.99) == HOLDS
    assert judged(1.01) == CONTRADICTED
    assert verdict(run, judge) == OPEN


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


@pytest.mark.usefixtures("no_tables")
def test_correlations_are_judged_by_adam_where_a_run_has_both_solvers(run):
    large = both_solvers(run, "decormst")
    curves = large.tables["curves"].copy()
    first = curves["iteration"] == 0

    def judged(adam, fast):
        ends = curves["label"].map(lambda label: adam if label.endswith("-adam") else fast)
        changed = curves.assign(loss=np.where(first, 1.0, ends))
        return rules.four_correlations(
            dataclasses.replace(large, tables={**large.tables, "curves": changed})
        )

    assert judged(adam=2.0, fast=0.5).verdict == CONTRADICTED
    assert judged(adam=0.5, fast=2.0).verdict == HOLDS
    assert "euclidean 2 (adam); gram 0.5" in judged(adam=2.0, fast=0.5).measured


@pytest.mark.usefixtures("no_tables")
def test_dfr_is_the_one_on_most_pairs_where_a_run_has_both_solvers(run):
    large = both_solvers(run, "dfr")
    outputs = large.tables["outputs"]
    mine = outputs["label"].str.endswith("-adam")
    outputs = outputs.assign(style_gap_closed=np.where(mine, 0.1, 0.9), style_loss=7.0)
    for label, mode, loss in (("dfr", "rot000", 1.0), ("half", "rot090", 2.0),
                              ("dfr", "rot090", 3.0)):  # fmt: skip
        here = (outputs["label"] == label) & (outputs["mode"] == mode)
        outputs.loc[here, "style_loss"] = loss
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, rules.style_reached) == OPEN
    assert "(fast)" in rules.style_reached(large).measured
    assert verdict(large, rules.lambda_controls) == OPEN


def test_time_is_judged_by_the_published_solver_alone(run):
    rows = [
        *timing(1, 2, 3, 4),
        *timing(1, 6, kind="method", names=("decormst", "decormst-adam")),
        *loops(3),
    ]
    fast = dataclasses.replace(enlarged(run, 6, "fast", 40), timing=rows)
    assert "no timing" in rules.three_days(fast).measured
    both = dataclasses.replace(both_solvers(run, "decormst"), timing=rows)
    assert "costs 0.500 (95 % interval" in rules.three_days(both).measured


def test_every_claim_is_whole(run):
    rows = all_claims(run)
    assert len({row.name for row in rows}) == len(rows) >= 12
    for row in rows:
        told = dataclasses.asdict(row)
        decides = told.pop("decides")
        assert all(told.values())
        assert row.verdict in VERDICTS
        assert bool(decides) == (row.verdict == OPEN)


def test_nothing_contradicts_what_the_authors_published(run):
    """Their outputs of 90 degrees are clearly stylized, and so are four of the correlations."""
    assert verdict(run, rules.four_correlations) == HOLDS
    assert verdict(run, rules.targets_reached) == HOLDS
    assert verdict(run, rules.lambda_controls) == OPEN
    assert verdict(run, rules.dfr_over_decormst) == OPEN
    assert verdict(run, rules.shares_differ) == OPEN
