"""A study of ratings from its file to its ranking: answered on the page, ranked, and exported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from dfr.core.errors import UserError
from reports.inputs.run_data import read_run
from reports.votes.section import vote_section
from studies.analysis.progress import balance_so_far, people_so_far
from studies.analysis.tidy import DICTIONARY
from studies.ballots.ballots import Ballots
from studies.ballots.export import read_export
from studies.ballots.importing import import_poll
from studies.ballots.poll import read_poll
from studies.ballots.seats import Refused, Step
from studies.page.administrator import TOKEN
from tests.conftest import complaint
from tests.studies.folders import Answerer, answer_and_close, preregister
from tests.studies.page.test_complaints import Page

FILE = """
name = "marks"
door = "platform"
methods = ["dfr", "gatys", "feedforward"]
task = "rating"
scale = 5
questions = ["overall", "style"]
participants = 8
trials = 6
practice = 1
repeats = 1
catches = 3
judges = 2
"""


def person(number: int) -> Answerer:
    """Somebody who rates gatys highly, and noise low; the third one everything the same."""

    def answer(step: Step) -> str:
        left = step.trial.left
        if number == 2:
            return "4"
        if left.source == "noise":
            return "1"
        return str({"gatys": 5, "dfr": 3}.get(left.method, 2) - (step.number + number) % 2)

    return answer


@pytest.fixture(scope="module")
def answered(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed study of seven people, of whom one did not look."""
    home = shutil.copytree(made, tmp_path_factory.mktemp("answered") / "marks")
    return answer_and_close(home, map(person, range(7)))


def test_one_picture_is_rated_on_the_page(monkeypatch: pytest.MonkeyPatch, home: Path):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    page = Page(monkeypatch, "--study", home)
    assert page.headings()[0] == "How good are these pictures?"
    told = "\n".join(each.value for each in page.app.markdown)
    assert "You will see one result at a time" in told
    assert "**1** (not at all) to **5** (completely)" in told
    page.click("I agree. Begin")
    assert page.headings() == ["Is this a good stylization of the photograph in this style?"]
    labels = [button.label for button in page.app.button]
    assert labels == [
        "1 Not at all", "2", "3", "4", "5 Completely", "Delete all my answers",
    ]  # fmt: skip
    page.click("4")
    assert page.headings() == ["Does it look like the style picture?"]
    page.click("5 Completely")
    ballots = Ballots(f"sqlite:///{home / 'votes.sqlite'}")
    votes = read_poll(ballots, "marks").votes
    assert votes["answer"].tolist() == ["4", "5"]
    assert votes["right_source"].tolist() == ["none", "none"]
    secret = ballots.join(1)
    for wrong in ("6", "0", "left", "4.0"):
        with pytest.raises(Refused, match="no such answer"):
            ballots.cast(1, secret, 0, wrong, 1.0)


def test_it_is_ranked_with_who_did_not_look_left_out(dfr, answered: Path, tmp_path: Path):
    done = dfr("votes", "rank", "--study", answered, "--out", tmp_path, "--draws", "50")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "36 ratings from 1 to 5, of 6 participants. Left out: 1 participants" in told
    assert "The study was not preregistered" in told
    assert "Ranking had nobody been left out" in told
    table = pd.read_csv(tmp_path / "votes_overall_strengths.csv")
    assert table["method"].tolist() == ["gatys", "dfr", "feedforward"]
    assert table["mean"].is_monotonic_decreasing
    assert table["votes"].tolist() == [12, 12, 12]
    assert {path.name for path in tmp_path.glob("votes_style_*.csv")} >= {
        "votes_style_pairs.csv", "votes_style_marks.csv", "votes_style_attention.csv",
    }  # fmt: skip
    assert (tmp_path / "votes_ratings.png").stat().st_size > 5000


def test_it_is_exported_and_comes_back(dfr, answered: Path, tmp_path: Path):
    done = dfr("votes", "export", tmp_path / "out", "--study", answered)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out" / "main_table.R").exists()
    table = pd.read_csv(tmp_path / "out" / "answers.csv")
    assert list(table.columns) == list(DICTIONARY)
    assert set(table["answer"]) <= {1, 2, 3, 4, 5}
    assert table["chosen_method"].isna().all()
    assert table.groupby("participant")["excluded"].first().sum() == 1
    other = Ballots(f"sqlite:///{tmp_path / 'other.sqlite'}")
    before = read_export(tmp_path / "out")
    import_poll(other, before)
    after = read_poll(other, "marks")
    pd.testing.assert_frame_equal(before.votes, after.votes)
    pd.testing.assert_frame_equal(before.trials, after.trials)
    file = tmp_path / "out" / "trials.csv"
    file.write_text(file.read_text().replace('"1,2"', '"5,6"'))
    with pytest.raises(UserError, match="'expected' is '5,6'"):
        read_export(tmp_path / "out")


def test_plan_and_preregistration_say_what_they_can(dfr, home: Path):
    done = dfr("votes", "plan", "--study", home, "--run", home / "stimuli")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "48 ratings from 1 to 5 on each of 2 questions, 3 methods" in told
    assert "True difference that is found with 80%" in told
    assert "gives marks at random, and is kept" in told
    assert "ratings per method" in told
    done = dfr("votes", "plan", "--study", home, "--ties", "0.2")
    assert 'offers no "can\'t say" (ratings), so leave out --ties' in complaint(done)
    plan = preregister(dfr, home)
    assert "give it a mark from 1 (not at all) to 5 (completely)" in plan
    assert "cumulative link model" in plan
    assert "Does it look like the style picture?" in plan
    assert "Bradley" not in plan


def test_a_report_shows_ratings(answered: Path, tiny_run: Path, tmp_path: Path):
    section = vote_section(read_run(tiny_run, str(answered)), tmp_path)
    assert section.heading == "How people rated"
    assert "36 ratings from 1 to 5, of 6 participants" in section.summary
    assert "log odds in the cumulative link model" in section.note
    first = section.questions[0]
    assert first.text == "Is this a good stylization of the photograph in this style?"
    ranking = first.tables[0][1]
    assert ranking["method"].iloc[0] == "Gatys et al."
    assert [folded for _, _, folded in first.tables] == [False, False, True, True]
    assert section.trust is None
    assert (tmp_path / "figures" / "votes_ratings.png").stat().st_size > 5000


@pytest.mark.slow
def test_the_page_of_a_report_shows_ratings(dfr, answered: Path, tiny_run: Path, tmp_path: Path):
    home = shutil.copytree(answered, tmp_path / "marks")  # a look is logged
    done = dfr("report", tiny_run, "--votes", home, "--out", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    for file in ("index.html", "report.md"):
        text = (tmp_path / "report" / file).read_text()
        assert "How people rated" in text
        assert "Does it look like the style picture?" in text or file == "report.md"
        assert "How far the answers can be trusted" not in text
    assert "shown in a report" in dfr("votes", "log", "--study", home).stdout


def test_the_administrators_page_shows_the_ranking_of_ratings(
    monkeypatch: pytest.MonkeyPatch, answered: Path, tmp_path: Path
):
    home = shutil.copytree(answered, tmp_path / "marks")  # a look is logged
    monkeypatch.setenv(TOKEN, "a-token-of-the-test")
    page = Page(monkeypatch, "--study", home, "--admin")
    page.app.text_input[0].set_value("a-token-of-the-test")
    page.click("Enter")
    assert any("how precise the study is" in told.value for told in page.app.info)
    page.app.session_state["view"] = "Ranking"
    page.app.run()
    tables = [table.value for table in page.app.dataframe]
    ranked = [table for table in tables if "mean" in table]
    assert len(ranked) == 2  # one for each question
    assert ranked[0]["title"].iloc[0] == "Gatys et al."
    assert any("Does it look like the style picture?" in told.value for told in page.app.markdown)


def test_what_is_told_of_ratings_while_they_come_names_no_method(answered: Path):
    poll = read_poll(Ballots(f"sqlite:///{answered / 'votes.sqlite'}"), "marks")
    seen = balance_so_far(poll).set_index("votes of")
    assert seen.loc["one method"].tolist() == [28, 28]
    assert "two methods" not in seen.index
    people = people_so_far(poll)
    assert people["left out"].tolist() == [False, False, True, False, False, False, False]
    assert people["catch trials failed"].iloc[2].startswith("3 of")
