"""The tables of a study of choices or rankings fit together, and say what was made so."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from studies.analysis.choice_results import ChoiceResult, analyse_choices
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import simulate
from studies.design.trial import Side, Trial, turned
from tests.studies.analysis.test_choices import METHODS, STRENGTHS, votes_of


def study(whole: bool) -> ChoiceResult:
    """20 people, of whom one always gives the same answer; a repeat and a catch trial each."""
    people = Choosers(STRENGTHS, whole, spread=0.4)
    design = []
    for trials in even_choices(METHODS, 20, 12, 4, 3, (4, 5)):
        again = replace(turned(trials[0]), kind="repeat", repeats=0)
        noise = [Side("noise", mode=str(number)) for number in range(3)]
        output = Side("output", "a", "0")
        sides = [*noise, output] if not whole else [noise[0], output, *trials[1].sides[2:]]
        catch = Trial("catch", "content-00", "style-00", *sides[:2], more=tuple(sides[2:]),
                      expected="-A" if whole else "D")  # fmt: skip
        design.append([*trials, again, catch])
    votes, members = simulate(design, people, 3)
    votes.loc[votes["participant"] == "voter-0003", "answer"] = "ABCD" if whole else "B"
    return analyse_choices(
        votes, members, methods=METHODS, pictures=4, whole=whole, drop_at=1
    )["overall"]  # fmt: skip


@pytest.mark.parametrize("whole", [False, True], ids=["best", "ranking"])
def test_tables_of_a_study_fit_together(whole: bool):
    result = study(whole)
    assert result.strengths["method"].iloc[0] == "a"
    assert result.strengths["method"].iloc[-1] == "e"
    assert result.summary["votes"].item() == 19 * 12
    assert result.strengths["votes"].sum() == 19 * 12 * 4
    assert result.catches.set_index("participant")["dropped"].sum() == 1
    assert result.funnel.set_index("stage").loc["kept", "participants"] == 19
    ranks = result.ranks.groupby("method")
    assert ranks["share"].sum().to_numpy() == pytest.approx(1)
    told = result.strengths.set_index("method")
    best = result.ranks[result.ranks["rank"] == 1].set_index("method")
    assert best["share"].to_dict() == pytest.approx(told["first"].to_dict())
    assert result.modes.set_index("method")["share"].to_dict() == pytest.approx(
        told["first"].to_dict()
    )
    if whole:
        mean = (result.ranks["rank"] * result.ranks["share"]).groupby(result.ranks["method"]).sum()
        assert mean.to_dict() == pytest.approx(told["place"].to_dict())
        assert -1 <= result.consistency["tau"].item() <= 1
    assert result.places["place"].tolist() == list("ABCD")
    assert (result.places["share"] * result.places["votes"]).sum() == pytest.approx(19 * 12)
    assert result.styles["votes"].sum() == 19 * 12 * 4
    again = result.consistency.iloc[0]
    assert again["repeats"] == 19
    assert 0 < again["chance"] < 1
    assert result.agreement["units"].item() <= 19 * 12
    assert result.attention.set_index("participant").loc["voter-0003", "doubtful"] == "same answer"
    assert result.everybody["votes"].sum() == 20 * 12 * 4
    assert len(result.pairs) == 10


def test_the_same_answer_is_the_same_picture_wherever_it_stands():
    votes = votes_of(True, people=2, trials=1)
    again = votes.assign(kind="repeat", repeats=pd.Series([0, 0], dtype="Int64"), position=1)
    first = votes.iloc[0]
    again.loc[again.index[0], ["left_method", "right_method"]] = [
        first["right_method"], first["left_method"],
    ]  # fmt: skip
    votes["answer"], again["answer"] = ["ABCD", "ABCD"], ["BACD", "DCBA"]
    people = pd.DataFrame()
    found = analyse_choices(
        pd.concat([votes, again]), people, methods=METHODS, pictures=4, whole=True, drop_at=1
    )["overall"].consistency.iloc[0]  # fmt: skip
    assert (found["repeats"], found["same"], found["tau"]) == (2, 1, 0)


def test_people_who_agree_and_people_who_do_not():
    votes = votes_of(True, people=4, trials=5)
    shown = [c for c in votes if c.startswith(("left", "right", "more", "content", "style"))]
    for number in range(5):  # everybody sees what the first one sees
        rows = votes["position"] == number
        votes.loc[rows, shown] = votes.loc[rows, shown].iloc[0].to_numpy()
    alphas = []
    for given in (["CABD"] * 20, ["CABD", "DBAC"] * 10):
        votes["answer"] = [given[i] for i in range(20)]
        votes["answer"] = votes["participant"].map(
            dict(zip(votes["participant"].unique(), given[:4], strict=True))
        )
        for whole in (True, False):
            asked = votes if whole else votes.assign(answer=votes["answer"].str[0])
            told = analyse_choices(
                asked, pd.DataFrame(), methods=METHODS, pictures=4, whole=whole, drop_at=1, draws=2
            )["overall"].agreement.iloc[0]  # fmt: skip
            assert (told["units"], told["shared"]) == (5, 5)
            alphas.append(told["alpha"])
    assert alphas[:2] == [1, 1]
    assert max(alphas[2:]) < 0.5


@pytest.mark.parametrize("whole", [False, True])
def test_nothing_and_almost_nothing_can_be_analysed(whole: bool):
    votes = votes_of(whole, people=2, trials=4)
    for some in (votes.iloc[:0], votes.iloc[:1], votes):
        found = analyse_choices(
            some, pd.DataFrame(), methods=METHODS, pictures=4, whole=whole, drop_at=2,
            questions=["overall"], draws=2,
        )["overall"]  # fmt: skip
        assert len(found.strengths) == 5
        assert found.strengths["low"].isna().all()  # two people are too few for an interval
        assert not found.pairs["apart"].any()
