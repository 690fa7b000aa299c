"""Every verdict follows its rule, on runs of which the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reports.claims import rules
from reports.claims.rules import all_claims
from reports.claims.verdicts import FAILS, HOLDS, OPEN
from reports.inputs.run_data import read_run
from tests.reports.made_up_runs import PUBLISHED, both_solvers, enlarged, timing


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


def verdict(run, judge) -> str:
    return judge(run).verdict


def test_verdicts_of_the_audit_follow_the_data(run):
    assert verdict(run, rules.four_modes) == FAILS
    assert "rot000 and rot180 are the same" in rules.four_modes(run).measured
    assert verdict(run, rules.true_rotation) == FAILS
    four = [{**row, "distinct": 4, "groups": [[m] for m in row["modes"]]} for row in run.audit]
    assert verdict(dataclasses.replace(run, audit=four), rules.four_modes) == HOLDS
    assert verdict(dataclasses.replace(run, audit=[]), rules.four_modes) == OPEN


def test_verdict_of_the_time_row(run):
    def judged(rows):
        return verdict(dataclasses.replace(run, timing=rows), rules.time_row)

    assert judged(timing(361, 377, 396, 417)) == HOLDS
    assert judged(timing(361, 377, 396, 417, slow=9)) == HOLDS  # ratios are of one round
    assert judged(timing(1, 1, 1, 1.26)) == HOLDS
    assert judged(timing(1, 1, 1, 1.28)) == FAILS
    assert judged(timing(1, 2, 3, 4)) == FAILS
    assert judged(timing(1, 2, 3, 4, rounds=5)) == OPEN
    assert judged(timing(1, 2, 3, 4, iterations=1)) == OPEN
    assert judged([]) == OPEN
    wide = timing(1, 1, 1, 1.5)
    for row in wide:
        row["seconds"] *= 0.5 if (row["round"], row["name"]) == (3, "DFR-4") else 1
    assert judged(wide) == OPEN
    told = rules.time_row(dataclasses.replace(run, timing=timing(1, 2, 3, 4))).measured
    assert "4.00 (95 % interval: 4.00 to 4.00) in 7 rounds" in told


def loops(extra: float) -> list[dict]:
    """An iteration of DeCorMST's loops takes this much longer than the same in one call."""
    names = [f"{name} {form}" for name in ("pearson", "cosine") for form in ("loop", "vectorized")]
    each = extra / 10  # two of them, for each of five outputs
    return timing(0.1 + each, 0.1, 0.1 + each, 0.1, kind="correlations", names=tuple(names))


def test_verdict_of_three_days(run):
    def claim(extra: float, **keywords):
        rows = [
            *timing(1, 2, 3, 4, **keywords),
            *timing(6, kind="method", names=("decormst",), **keywords),
            *loops(extra),
        ]
        return rules.three_days(dataclasses.replace(run, timing=rows))

    assert claim(3).verdict == FAILS
    assert "costs 0.500 (95 % interval" in claim(3).measured
    assert "with the loops 0.750 (95 % interval" in claim(3).measured
    assert "assumed" in claim(3).measured  # no sizes were timed
    assert claim(739).verdict == FAILS
    assert claim(741).verdict == HOLDS  # (741 + 6) / 4 / 3 = 62.25; a tenth of 621.58 is 62.16
    assert claim(3, rounds=4).verdict == OPEN
    assert claim(3, iterations=2).verdict == OPEN
    lacking = dataclasses.replace(run, timing=timing(1, 2, 3, 4))
    assert verdict(lacking, rules.three_days) == OPEN


def test_too_small_a_run_is_not_judged(run):
    for judge in (rules.effective, rules.lambda_controls):
        assert verdict(run, judge) == OPEN


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
    assert judged({("half", "rot090"): 9.0}) == FAILS


def test_verdict_of_effective_stylization(run):
    large = enlarged(run)

    def judged(closed):
        outputs = large.tables["outputs"].assign(style_gap_closed=closed)
        changed = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
        return verdict(changed, rules.effective)

    assert judged(0.9) == HOLDS
    assert judged(0.1) == FAILS


def test_verdict_of_the_five_correlations(run):
    large = enlarged(run)

    def judged(last):
        curves = large.tables["curves"].copy()
        end = curves["iteration"] == curves.groupby(["label", "mode"])["iteration"].transform("max")
        start = curves["iteration"] == 0
        curves.loc[start, "loss"] = 1.0
        curves.loc[end, "loss"] = last
        changed = dataclasses.replace(large, tables={**large.tables, "curves": curves})
        return verdict(changed, rules.five_correlations)

    assert judged(0.5) == HOLDS
    assert judged(2.0) == FAILS
    assert verdict(run, rules.five_correlations) == OPEN


@pytest.mark.parametrize(
    ("solver", "iterations", "size", "pairs", "found"),
    [
        ("adam", 3000, PUBLISHED, 5, FAILS),
        ("adam", 2999, PUBLISHED, 5, OPEN),
        ("adam", 3000, [421, 512], 5, OPEN),
        ("adam", 3000, PUBLISHED, 4, OPEN),
        ("fast", 3000, PUBLISHED, 5, OPEN),
    ],
)
def test_published_pictures_are_judged_at_the_published_scale_only(
    run, solver, iterations, size, pairs, found
):
    large = enlarged(run, pairs, solver, iterations, size)
    outputs = large.tables["outputs"].assign(style_gap_closed=0.1)
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, rules.effective) == found


def test_the_five_correlations_are_not_judged_on_thumbnails(run):
    small = enlarged(run, size=[80, 98])
    curves = small.tables["curves"].assign(loss=lambda lines: 1.0 + lines["iteration"])
    small = dataclasses.replace(small, tables={**small.tables, "curves": curves})
    assert verdict(small, rules.five_correlations) == OPEN
    large = enlarged(run)
    large = dataclasses.replace(large, tables={**large.tables, "curves": curves})
    assert verdict(large, rules.five_correlations) == FAILS


def test_correlations_are_judged_by_adam_where_a_run_has_both_solvers(run):
    large = both_solvers(run, "decormst")
    curves = large.tables["curves"].copy()
    first = curves["iteration"] == 0

    def judged(adam, fast):
        ends = curves["label"].map(lambda label: adam if label.endswith("-adam") else fast)
        changed = curves.assign(loss=np.where(first, 1.0, ends))
        return rules.five_correlations(
            dataclasses.replace(large, tables={**large.tables, "curves": changed})
        )

    assert judged(adam=2.0, fast=0.5).verdict == FAILS
    assert judged(adam=0.5, fast=2.0).verdict == HOLDS
    assert "cosine 2 (adam); gram 0.5" in judged(adam=2.0, fast=0.5).measured


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
    assert verdict(large, rules.effective) == OPEN
    assert "(fast)" in rules.effective(large).measured
    assert verdict(large, rules.lambda_controls) == OPEN


def test_time_is_judged_by_the_published_solver_alone(run):
    rows = [
        *timing(1, 2, 3, 4),
        *timing(1, 6, kind="method", names=("decormst", "decormst-adam")),
        *loops(3),
    ]
    fast = dataclasses.replace(enlarged(run, 6, "fast", 40), timing=rows)
    assert verdict(fast, rules.three_days) == OPEN
    both = dataclasses.replace(both_solvers(run, "decormst"), timing=rows)
    assert "costs 0.500 (95 % interval" in rules.three_days(both).measured


def test_every_claim_is_whole(run):
    rows = all_claims(run)
    assert len({row.name for row in rows}) == len(rows) >= 10
    for row in rows:
        assert all(dataclasses.asdict(row).values())
        assert row.verdict in (HOLDS, FAILS, OPEN)
