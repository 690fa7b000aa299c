"""Every verdict follows its rule, on runs of which the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reports.claims import rules
from reports.claims.rules import all_claims
from reports.claims.verdicts import CONTRADICTED, HOLDS, NOT_COMPARABLE, OPEN, VERDICTS
from tests.reports.made_up_runs import both_solvers, enlarged, timing


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
        decides, outcome, numbers = (told.pop(name) for name in ("decides", "outcome", "numbers"))
        assert not outcome or (numbers and row.verdict in (HOLDS, CONTRADICTED))
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
