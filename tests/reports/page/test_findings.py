"""The page begins with the strongest findings, each with the numbers on which it stands."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from reports.claims.rules import all_claims
from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN
from reports.inputs.run_data import read_run
from reports.page.findings import findings
from reports.page.published import published_section
from reports.tables.best import Best
from reports.tables.diversity import above_chance


@pytest.fixture(scope="module")
def found(tiny_run, tmp_path_factory):
    """Findings of the run, with another best or another diversity."""
    run = read_run(tiny_run)
    claims, section = all_claims(run), published_section(run, tmp_path_factory.mktemp("figures"))

    def told(best=(), chance=None):
        return findings(run, claims, best, above_chance(run) if chance is None else chance, section)

    return told


def by(measure: str, method: str, low: float, *, apart: bool) -> Best:
    return Best(measure, f"{measure} (more = better)", method, 2.0, "Other", 0.5, low, 0.7, 0.01, 9,
                apart)  # fmt: skip


def test_settled_claims_come_first_and_open_ones_last(found):
    items = found()
    verdicts = [item.verdict for item in items]
    settled = verdicts.count(CONTRADICTED), verdicts.count(HOLDS)
    assert verdicts[: sum(settled)] == [CONTRADICTED] * settled[0] + [HOLDS] * settled[1]
    assert min(settled) > 0
    assert verdicts[-1] == OPEN and "User study" in items[-1].numbers
    assert all(item.head.endswith(".") and item.numbers for item in items)


def test_a_clear_lead_is_told_with_its_interval(found):
    best = [by("e_statistic", "Ours", 0.3, apart=True), by("c_statistic", "Ours", 0.3, apart=False)]
    style, content = (item for item in found(best) if item.link == "best")
    assert style.head == "Nearest to the style: Ours."
    assert style.numbers == "e_statistic: Ours 2, 0.5 [0.3, 0.7] ahead of Other (clear)."
    assert "not clearly by every measure" in content.head
    assert "(not told apart)" in content.numbers


def test_measures_that_disagree_name_every_best(found):
    best = [by(name, f"Method {name}", 0.3, apart=True)
            for name in ("style_gap_closed", "e_statistic", "colour_style")]  # fmt: skip
    (style,) = (item for item in found(best) if item.link == "best")
    assert style.head.endswith(
        ": Method style_gap_closed, Method e_statistic and Method colour_style."
    )


def test_too_few_pairs_are_told_once(found):
    best = [by(name, "Ours", float("nan"), apart=False) for name in ("e_statistic", "cfsd")]
    (item,) = (item for item in found(best) if item.link == "best")
    assert "this run cannot tell" in item.head


def test_the_choice_of_people_stands_before_measures(found):
    votes = dataclasses.replace(by("votes", "Ours", 0.2, apart=True), title="people's choice (all)")
    items = found([votes, by("e_statistic", "Other", 0.3, apart=True)])
    links = [item.link for item in items]
    assert links.index("votes") < links.index("best")
    assert items[links.index("votes")].head == "People's choice (all): Ours."


@pytest.mark.parametrize(("low", "beyond"), [(0.1, True), (-0.1, False), (float("nan"), False)])
def test_diversity_is_held_against_chance(found, low, beyond):
    row = {"label": "dfr", "pairs": 1, "outputs": 2, "diversity": 0.5, "floor": 0.2, "above": 0.3,
           "low": low, "high": 0.4, "vendi": 1.9, "vendi_of_chance": 1.2}  # fmt: skip
    (item,) = (item for item in found(chance=pd.DataFrame([row])) if item.link != "claims"
               and item.head.startswith("DFR (code)"))  # fmt: skip
    assert ("differ by more than chance." in item.head) == beyond
    assert ("not settled" in item.head) != beyond
    assert "over 1 pair." in item.numbers and ("[" in item.numbers) == (low == low)
