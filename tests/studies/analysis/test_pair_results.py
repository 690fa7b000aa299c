"""The whole analysis, on voters of known strength and on next to nothing; and these voters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from studies.analysis.pair_results import PairResult, analyse_pairs
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, answer_chances, round_robin
from studies.analysis.tally import PARTICIPANT_COLUMNS, VOTE_COLUMNS
from studies.design.davidson import davidson
from studies.design.trial import Side, Trial
from tests.studies.analysis.test_winrates import ballots, swapped

METHODS = ("a", "b", "c", "d")
VOTERS = Voters(dict(zip(METHODS, (0.9, 0.3, -0.3, -0.9), strict=True)), tie=0.3, spread=0.3)
TABLES = [field.name for field in dataclasses.fields(PairResult)]


def design(participants: int = 30) -> list[list[Trial]]:
    """Two practice trials, twenty votes on three styles, a repeat, and two catch trials."""
    found = []
    for votes in round_robin(METHODS, participants, 20):
        trials = [dataclasses.replace(votes[0], kind="practice")] * 2
        for k, trial in enumerate(votes):
            sides = (dataclasses.replace(trial.left, mode=str(k % 2)), trial.right)
            trials.append(Trial("vote", f"c{k % 2}", f"s{k % 3}", *sides))
        seen = trials[5]
        trials.append(dataclasses.replace(seen, kind="repeat", left=seen.right, right=seen.left,
                                          repeats=5))  # fmt: skip
        strong = Side("output", "a", "0")
        trials.append(Trial("catch", "c0", "s0", strong, Side("noise"), "left"))
        trials.append(Trial("catch", "c0", "s0", Side("content"), strong, "right"))
        found.append(trials)
    return found


@pytest.fixture(scope="module")
def study() -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulate(design(), VOTERS, seed=2)


@pytest.fixture(scope="module")
def result(study) -> PairResult:
    return analyse_pairs(*study, methods=METHODS, drop_at=1, draws=200)["overall"]


def same(one: PairResult, other: PairResult, but: tuple[str, ...] = ()) -> None:
    for name in TABLES:
        if name not in but:
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), obj=name)


def test_known_voters_are_ranked_right(result):
    assert result.strengths["method"].tolist() == list(METHODS)
    assert result.strengths["rank"].tolist() == [1, 2, 3, 4]
    summary = result.summary.iloc[0]
    assert summary[["participants", "votes"]].tolist() == [30, 600]
    assert summary["nu_low"] < 0.3 < summary["nu_high"]
    assert summary["tie_share"] == summary["ties"] / 600
    assert result.transitivity.set_index("level").loc["majority", "circular"] == 0


def test_every_table_is_there(result):
    assert len(result.pairs) == 6
    assert result.shares["share"].sum() == pytest.approx(1)
    assert result.side_bias["votes"].tolist() == [600 - result.summary["ties"].iloc[0]]
    assert result.consistency["repeats"].tolist() == [30]
    assert result.agreement["shared"].iloc[0] > 20
    assert len(result.participants) == 30
    assert result.modes.groupby("method")["shown"].sum().tolist() == [300] * 4


def test_styles_add_up_to_the_whole(result):
    by_method = result.styles.groupby("method")[["shown", "won", "tied"]].sum()
    assert by_method.equals(result.shares.set_index("method")[["shown", "won", "tied"]])
    assert result.styles["style"].unique().tolist() == ["s0", "s1", "s2"]
    assert (result.styles["strength_low"] < result.styles["strength"]).all()


def test_the_order_of_rows_does_not_matter(study, result):
    votes, people = study
    shuffled = votes.sample(frac=1, random_state=0)
    same(result, analyse_pairs(shuffled, people, methods=METHODS, drop_at=1, draws=200)["overall"])


def test_changed_sides_change_nothing_but_the_side_bias(study, result):
    votes, people = study
    turned = analyse_pairs(swapped(votes), people, methods=METHODS, drop_at=1, draws=200)["overall"]
    same(result, turned, but=("side_bias",))
    left = result.side_bias["left"] + turned.side_bias["left"]
    assert left.tolist() == result.side_bias["votes"].tolist()


def test_swapped_names_swap_the_results(study, result):
    votes, people = study
    names = {"a": "d", "d": "a"}
    renamed = votes.replace({"left_method": names, "right_method": names})
    other = analyse_pairs(renamed, people, methods=METHODS, drop_at=1, draws=200)[
        "overall"
    ].strengths
    assert other["method"].tolist() == ["d", "b", "c", "a"]
    drawn = ["rank_low", "rank_high", "best"]  # other draws, since methods stand in another order
    for columns, near in ((["method", *drawn], 1e-9), (["method", *drawn[:2]], 0.05)):
        pd.testing.assert_frame_equal(
            other.drop(columns=columns),
            result.strengths.drop(columns=columns),
            rtol=1e-6,
            atol=near,
        )


def careless(study: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Five more people, who like what the others do not and cannot tell noise."""
    upside_down = Voters({name: -9 * VOTERS.strengths[name] for name in METHODS})
    votes, people = simulate(design(5), upside_down, seed=3)
    votes.loc[votes["kind"] == "catch", "answer"] = "tie"
    return tuple(
        pd.concat([old, new.assign(participant="x" + new["participant"])], ignore_index=True)
        for old, new in zip(study, (votes, people), strict=True)
    )


def test_dropped_voters_do_not_affect_the_results(study, result):
    found = analyse_pairs(*careless(study), methods=METHODS, drop_at=1, draws=200)["overall"]
    same(result, found, but=("funnel", "catches", "attention", "everybody"))
    assert result.everybody.equals(result.strengths)
    assert found.attention["dropped"].sum() == 5
    assert found.everybody["votes"].sum() == result.strengths["votes"].sum() * 35 / 30
    assert found.catches["dropped"].sum() == 5
    assert found.catches.loc[found.catches["dropped"], "participant"].str.startswith("x").all()


def test_the_rule_is_the_one_given(study, result):
    """Two catch trials: whoever fails both is dropped at 2, and nobody at 3."""
    for drop_at, dropped in ((2, 5), (3, 0)):
        found = analyse_pairs(*careless(study), methods=METHODS, drop_at=drop_at, draws=20)[
            "overall"
        ]
        assert found.catches["dropped"].sum() == dropped
        assert len(found.participants) == 35 - dropped
    everyone = found.strengths.set_index("method")["strength"]
    before = result.strengths.set_index("method")["strength"]
    assert everyone["a"] < before["a"] - 0.2


def test_only_counted_votes_decide(study, result):
    votes, people = study
    other = {"left": "right", "right": "left", "tie": "tie"}
    changed = votes["answer"].where(votes["kind"] != "practice", votes["answer"].map(other))
    same(
        result,
        analyse_pairs(votes.assign(answer=changed), people, methods=METHODS, drop_at=1, draws=200)[
            "overall"
        ],
    )


def test_the_funnel_by_hand():
    people = pd.DataFrame(
        [(name, 0, "2026-01-01", name in "de") for name in "abcde"],
        columns=list(PARTICIPANT_COLUMNS),
    )
    practice = ballots(("b", "x", "y", "left"), *[("c", "x", "y", "left")] * 2, kind="practice")
    catch = ballots(*[("d", "x", "y", "tie")] * 2, kind="catch", expected="left")
    votes = pd.concat([practice, catch, ballots(("d", "x", "y", "left"), ("e", "x", "y", "left"))])
    found = analyse_pairs(votes, people, methods="xy", drop_at=2)["overall"].funnel
    assert found.set_index("stage")["participants"].to_dict() == {
        "joined": 5, "practice done": 3, "began": 2, "finished": 2, "dropped": 1, "kept": 1,
    }  # fmt: skip


def test_each_question_stands_alone_and_catches_count_for_all():
    better = simulate(design(), VOTERS, seed=1)[0]
    worse = simulate(design(), Voters({m: -s for m, s in VOTERS.strengths.items()}), seed=1)
    votes = pd.concat([better, worse[0].assign(question="style")])
    votes.loc[
        (votes["participant"] == "voter-0007")
        & (votes["kind"] == "catch")
        & (votes["question"] == "style"),
        "answer",
    ] = "tie"
    found = analyse_pairs(votes, worse[1], methods=METHODS, drop_at=1, draws=50)
    assert list(found) == ["overall", "style"]
    assert found["overall"].strengths["method"].tolist() == list("abcd")
    assert found["style"].strengths["method"].tolist() == list("dcba")
    for each in found.values():
        assert "voter-0007" not in set(each.participants["participant"])


@pytest.mark.parametrize("rows", [0, 1, 3, 21, 50])
def test_a_study_that_has_only_begun_gives_tables(study, result, rows):
    votes, people = study
    found = analyse_pairs(votes[:rows], people[:2], methods=METHODS, drop_at=1, draws=30,
                    questions=["overall", "content"])  # fmt: skip
    assert list(found) == ["overall", "content"]
    for each in found.values():
        for name in TABLES:
            assert list(getattr(each, name).columns) == list(getattr(result, name).columns), name
        assert each.strengths[["low", "high"]].isna().all(axis=None)


def test_frames_without_anything():
    nothing = pd.DataFrame()
    assert analyse_pairs(nothing, nothing, methods=METHODS, drop_at=1) == {}
    found = analyse_pairs(nothing, nothing, methods=METHODS, drop_at=1, questions=["overall"])[
        "overall"
    ]
    assert found.summary["votes"].tolist() == [0]
    assert found.strengths["basis"].tolist() == ["none"] * 4


def test_simulated_frames_are_those_of_the_design(study):
    votes, people = study
    assert list(votes.columns) == list(VOTE_COLUMNS)
    assert list(people.columns) == list(PARTICIPANT_COLUMNS)
    assert len(votes) == 30 * 25
    assert votes["repeats"].dtype == "Int64"
    again = votes[votes["kind"] == "repeat"].iloc[0]
    first = votes[(votes["slot"] == again["slot"]) & (votes["position"] == again["repeats"])].iloc[
        0
    ]
    assert first["left_method"] == again["right_method"]


def test_the_same_seed_gives_the_same_answers_whoever_else_there_is(study):
    votes, _ = study
    few, _ = simulate(design()[:4], VOTERS, seed=2)
    pd.testing.assert_frame_equal(few, votes[votes["slot"] < 4])
    other, _ = simulate(design()[:4], VOTERS, seed=3)
    assert (other["answer"] != few["answer"]).any()


def test_content_is_not_asked_where_the_content_itself_stands():
    votes, _ = simulate(design(1), VOTERS, questions=["overall", "content"])
    shown = votes[votes["left_source"] == "content"]
    assert shown["question"].tolist() == ["overall"]


def test_answer_chances_by_hand():
    """Strengths 3 to 1 and ν = 1: 3 : 1 : √3; a head start of log 3 undoes them."""
    whole = 4 + np.sqrt(3)
    assert answer_chances(np.log(3), 1.0) == pytest.approx(
        [3 / whole, 1 / whole, np.sqrt(3) / whole]
    )
    assert answer_chances(-np.log(3), 2.0, np.log(3)) == pytest.approx([0.25, 0.25, 0.5])


def test_a_lapse_is_any_answer_and_the_only_way_to_fail_a_catch_trial():
    catch = Trial("catch", "c", "s", Side("content"), Side("output", "a", "0"), "right")
    random = np.random.default_rng(0)
    sure, blind = (Voters(VOTERS.strengths, lapse=lapse).one(random) for lapse in (0, 1))
    assert {sure.answer(catch, random) for _ in range(50)} == {"right"}
    given = [blind.answer(catch, random) for _ in range(3000)]
    for answer in ("left", "right", "tie"):
        assert given.count(answer) == pytest.approx(1000, abs=90)


@pytest.mark.parametrize("people", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_the_population_is_what_many_people_answer(people: int):
    voters = Voters({"a": 1.0, "b": -0.5}, tie=0.4, side_bias=0.6, lapse=0.1, spread=0.8)
    won, tied = voters.chances("ab")
    assert won[0, 1] + won[1, 0] + tied[0, 1] == pytest.approx(1)
    votes, _ = simulate(round_robin("ab", people, 2), voters)
    preferred = np.where(votes["answer"] == "left", votes["left_method"], votes["right_method"])
    preferred[votes["answer"] == "tie"] = ""
    # Three and a third standard errors of people with two answers each, which agree a bit.
    error = 1.5 / np.sqrt(people)
    assert (preferred == "a").mean() == pytest.approx(won[0, 1], abs=error)
    assert (preferred == "").mean() == pytest.approx(tied[0, 1], abs=error)


def test_alike_people_have_the_strengths_they_were_given():
    found = davidson(*dataclasses.replace(VOTERS, spread=0.0).chances(METHODS), 1e-12)
    assert found.methods == pytest.approx(list(VOTERS.strengths.values()), abs=1e-6)
    assert np.exp(found.tie) == pytest.approx(0.3, abs=1e-6)


def test_people_who_differ_bring_strengths_nearer_to_zero():
    alike, apart = (
        davidson(*dataclasses.replace(VOTERS, spread=spread).chances(METHODS), 1e-12).methods
        for spread in (0.0, 1.0)
    )
    assert (np.abs(apart) < np.abs(alike)).all()
    assert (np.sign(apart) == np.sign(alike)).all()
