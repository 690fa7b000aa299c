"""A study of choices and one of rankings, from the file to the ranking and the export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from dfr.core.errors import UserError
from reports.inputs.run_data import read_run
from reports.votes.section import vote_section
from studies.analysis.precision import precision_so_far
from studies.analysis.progress import balance_so_far
from studies.analysis.tidy import CHOICES, DICTIONARY, main_table_script
from studies.ballots.ballots import Ballots
from studies.ballots.export import read_export
from studies.ballots.importing import import_poll
from studies.ballots.poll import read_poll
from studies.ballots.seats import Refused, Step
from studies.design.trial import LETTERS
from studies.page.administrator import TOKEN
from tests.conftest import complaint
from tests.studies.folders import Answerer, answer_and_close, preregister, study_folder
from tests.studies.page.test_complaints import Page

#: The better one first.
TASTE = ["gatys", "dfr", "feedforward", ""]
FILE = """
name = "several"
door = "platform"
methods = ["dfr", "gatys", "feedforward"]
task = "{task}"
pictures = 3
questions = ["overall", "style"]
participants = 8
trials = 6
practice = 1
repeats = 1
catches = 3
judges = 2
"""
TASKS = ("best", "ranking")


@pytest.fixture(scope="module")
def made(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        task: study_folder(
            tmp_path_factory.mktemp(task) / "several", tiny_run, FILE.format(task=task)
        )
        for task in TASKS
    }


def person(task: str, number: int) -> Answerer:
    """Somebody who answers after their taste, mostly; the third one always the same."""

    def answer(step: Step) -> str:
        sides = step.trial.sides
        order = list(LETTERS[: len(sides)])
        if number != 2:
            order.sort(key=lambda letter: TASTE.index(sides[LETTERS.index(letter)].method))
            if (step.number + number) % 5 == 0 and not step.trial.expected:
                order.reverse()
        return "".join(order) if task == "ranking" else order[0]

    return answer


@pytest.fixture(scope="module")
def answered(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Closed studies of seven people, of whom one did not look."""
    found = {}
    for task, folder in made.items():
        home = shutil.copytree(folder, tmp_path_factory.mktemp(task) / "several")
        found[task] = answer_and_close(home, [person(task, number) for number in range(7)])
    return found


def test_the_best_is_chosen_on_the_page(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, Path], tmp_path: Path
):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    home = shutil.copytree(made["best"], tmp_path / "several")
    page = Page(monkeypatch, "--study", home)
    assert page.headings()[0] == "Which picture is the best?"
    told = "\n".join(each.value for each in page.app.markdown)
    assert "You will see 3 results at a time, and say which is the best" in told
    assert "**1** (for A) to **3** (for C)" in told
    page.click("I agree. Begin")
    assert page.headings() == ["Which is the best stylization of the photograph in this style?"]
    assert [button.label for button in page.app.button][:3] == ["A", "B", "C"]
    page.click("C")
    assert page.headings() == ["Which looks most like the style picture?"]
    ballots = Ballots(f"sqlite:///{home / 'votes.sqlite'}")
    assert read_poll(ballots, "several").votes["answer"].tolist() == ["C"]
    secret = ballots.join(1)
    for wrong in ("D", "1", "left", "CA", ""):
        with pytest.raises(Refused, match="no such answer"):
            ballots.cast(1, secret, 0, wrong, 1.0)


def test_without_an_order_nothing_is_kept_and_it_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, Path], tmp_path: Path
):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    home = shutil.copytree(made["ranking"], tmp_path / "several")
    page = Page(monkeypatch, "--study", home)
    assert page.headings()[0] == "Put the pictures in order"
    page.click("I agree. Begin")
    page.click("This is my order")  # no browser tells an order here
    assert "could not save your last answer" in page.app.warning[0].value
    ballots = Ballots(f"sqlite:///{home / 'votes.sqlite'}")
    assert read_poll(ballots, "several").votes.empty
    secret = ballots.join(1)
    ballots.cast(1, secret, 0, "BCA", 1.0)
    for wrong in ("AB", "AAB", "ABCD", "left"):
        with pytest.raises(Refused, match="no such answer"):
            ballots.cast(1, secret, 1, wrong, 1.0)


@pytest.mark.parametrize("task", TASKS)
def test_it_is_ranked_with_who_did_not_look_left_out(dfr, answered, tmp_path: Path, task: str):
    done = dfr("votes", "rank", "--study", answered[task], "--out", tmp_path, "--draws", "50")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    what = {"best": "choices of the best", "ranking": "rankings"}[task]
    assert f"36 {what} of 3 pictures, of 6 participants. Left out: 1 participants" in told
    assert "The best by its place on the page: A" in told
    assert ("Kendall's τ" in told) == (task == "ranking")
    assert "Ranking had nobody been left out" in told
    table = pd.read_csv(tmp_path / "votes_overall_strengths.csv")
    assert table["method"].tolist()[0] == "gatys"
    if task == "ranking":
        assert table["place"].is_monotonic_increasing
    else:
        assert table["first"].is_monotonic_decreasing
    assert table["votes"].tolist() == [36, 36, 36]
    assert ("place" in table) == (task == "ranking")
    assert {path.name for path in tmp_path.glob("votes_style_*.csv")} >= {
        "votes_style_pairs.csv", "votes_style_ranks.csv", "votes_style_places.csv",
    }  # fmt: skip
    assert (tmp_path / "votes_choices.png").stat().st_size > 5000


@pytest.mark.parametrize("task", TASKS)
def test_it_is_exported_and_comes_back(dfr, answered, tmp_path: Path, task: str):
    out = tmp_path / "out"
    done = dfr("votes", "export", out, "--study", answered[task])
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "answers.csv", keep_default_na=False)
    assert list(table.columns) == list(DICTIONARY)
    each = pd.read_csv(out / "choices.csv")
    assert list(each.columns) == list(CHOICES)
    assert len(each) == 3 * len(table)
    ranks = each.groupby(["participant", "position", "question"])["rank"].agg(["min", "count"])
    assert (ranks["min"] == 1).all()
    assert (ranks["count"] == (3 if task == "ranking" else 1)).all()
    best = each[each["rank"] == 1].set_index(["participant", "position", "question"])["method"]
    chosen = table.set_index(["participant", "position", "question"])["chosen_method"]
    pd.testing.assert_series_equal(best.fillna(""), chosen, check_names=False)
    assert (out / "main_table.R").read_text() == main_table_script(task)
    assert set(pd.read_csv(out / "choices_dictionary.csv")["column"]) == set(CHOICES)
    other = Ballots(f"sqlite:///{tmp_path / 'other.sqlite'}")
    before = read_export(out)
    import_poll(other, before)
    after = read_poll(other, "several")
    pd.testing.assert_frame_equal(before.votes, after.votes)
    pd.testing.assert_frame_equal(before.trials, after.trials)
    file = out / "trials.csv"
    file.write_text(file.read_text().replace('"[[""output""', '"[[7', 1))
    with pytest.raises(UserError, match="'more' is"):
        read_export(out)


@pytest.mark.parametrize("task", TASKS)
def test_plan_and_preregistration_say_what_they_can(dfr, made, tmp_path: Path, task: str):
    home = shutil.copytree(made[task], tmp_path / "several")
    done = dfr("votes", "plan", "--study", home, "--run", home / "stimuli")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    what = {"best": "choices of the best", "ranking": "rankings"}[task]
    assert f"48 {what} of 3 pictures on each of 2 questions, 3 methods" in told
    worth = {"best": "1.33", "ranking": "2.33"}[task]
    assert f"the information of {worth} votes on two pictures" in told
    assert "answers at random, and is kept" in told
    assert "meetings per two methods" in told
    done = dfr("votes", "plan", "--study", home, "--methods", "2")
    assert "shows 3 pictures, each of another method" in complaint(done)
    plan = preregister(dfr, home)
    assert "3 outputs of one photograph in one style are shown at a time" in plan
    assert "Luce (1959)" in plan
    assert "Bradley" not in plan


@pytest.mark.parametrize("task", TASKS)
def test_the_administrators_page_and_a_report(
    monkeypatch: pytest.MonkeyPatch, answered, tiny_run: Path, tmp_path: Path, task: str
):
    home = shutil.copytree(answered[task], tmp_path / "several")  # a look is logged
    poll = read_poll(Ballots(f"sqlite:///{home / 'votes.sqlite'}"), "several")
    seen = balance_so_far(poll).set_index("votes of").loc["one method"]
    assert seen.tolist() == [84, 84]  # 7 people, 6 trials, 2 questions
    told = precision_so_far(poll)["overall"]
    assert told.known == (task == "ranking")  # one method was never chosen as the best
    section = vote_section(read_run(tiny_run, str(home)), tmp_path / "report")
    assert section.heading == "How people chose"
    assert "Plackett and Luce" in section.note
    assert section.questions[0].tables[0][1]["method"].iloc[0] == "Gatys et al."
    assert [len(table) for _, table, _ in section.questions[0].tables[:2]] == [3, 3]
    assert (tmp_path / "report" / "figures" / "votes_choices.png").stat().st_size > 5000
    monkeypatch.setenv(TOKEN, "a-token-of-the-test")
    page = Page(monkeypatch, "--study", home, "--admin")
    page.app.text_input[0].set_value("a-token-of-the-test")
    page.click("Enter")
    page.app.session_state["view"] = "Ranking"
    page.app.run()
    ranked = [table.value for table in page.app.dataframe if "first" in table.value]
    assert len(ranked) == 2  # one for each question
    assert ranked[0]["title"].iloc[0] == "Gatys et al."
