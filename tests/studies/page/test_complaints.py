"""What the voting page says when something fails: Streamlit runs its script here, without a server.

`AppTest` runs the same script as ``streamlit run studies/vote.py``, and keeps what it shows.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from studies.ballots.ballots import Ballots
from studies.ballots.location import DATABASE
from studies.ballots.poll import read_poll
from studies.design import material
from studies.design.study import QUESTIONS
from studies.page.administrator import TOKEN
from tests.conftest import ROOT
from tests.studies.page.pages import STUDY

#: The other tests of the page fill the copy of the run that these harm.
pytestmark = pytest.mark.xdist_group(name="browser")


class Page:
    """The page as its script makes it, with these arguments."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
        monkeypatch.setattr("sys.argv", ["vote.py", *map(str, arguments)])
        self.app = AppTest.from_file(str(ROOT / "studies" / "vote.py"), default_timeout=60)
        self.load()

    def load(self) -> None:
        self.app.run()
        assert not self.app.exception

    def click(self, label: str) -> None:
        (button,) = (button for button in self.app.button if button.label == label)
        button.click()
        self.load()

    def says(self) -> str:
        """Everything in coloured boxes."""
        boxes = [*self.app.error, *self.app.warning, *self.app.info]
        return "\n".join(box.value for box in boxes)

    def headings(self) -> list[str]:
        return [heading.value for heading in (*self.app.title, *self.app.header)]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (DATABASE, TOKEN):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    """A folder of a study that one test may harm."""
    shutil.copytree(place / "run", tmp_path / "run")
    (tmp_path / "page.toml").write_text(STUDY + 'run = "run"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--runs", "EMPTY"], "make one with `dfr reproduce --profile smoke`"),
        (["--run", "EMPTY"], "holds no run"),
        (["--study", "missing.toml"], "no such study file"),
        (["--study", "UNKNOWN", "--run", "RUN"], "unknown method of the run"),
        (["--study", "WRONG"], "'trials': Input should be"),
        (["--run", "RUN", "--database", "mysql://x"], "ballots are kept in"),
        (
            ["--run", "RUN", "--database", "postgresql://x@127.0.0.1:1/y"],
            "cannot reach our records",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, place: Path, tmp_path: Path, arguments, told: str
):
    (tmp_path / "unknown.toml").write_text('methods = ["dfr", "nosuch"]\n')
    (tmp_path / "wrong.toml").write_text('trials = "many"\n')
    names = {"EMPTY": tmp_path / "empty", "UNKNOWN": tmp_path / "unknown.toml",
             "WRONG": tmp_path / "wrong.toml", "RUN": place / "run"}  # fmt: skip
    page = Page(monkeypatch, *(names.get(word, word) for word in arguments))
    assert told in page.says()
    assert "\n" not in page.says()
    assert page.headings() == []


def test_without_a_study_file_the_newest_run_is_shown(
    monkeypatch: pytest.MonkeyPatch, place: Path, tmp_path: Path
):
    runs = tmp_path / "runs"
    shutil.copytree(place / "run", runs / "Some Run")
    (runs / "older").mkdir()
    shutil.copy(place / "run" / "run.json", runs / "older" / "run.json")
    os.utime(runs / "older" / "run.json", (0, 0))
    page = Page(monkeypatch, "--runs", runs)
    page.click("I agree. Begin")
    assert page.headings() == [QUESTIONS["overall"]]
    ballots = Ballots(f"sqlite:///{runs / 'Some Run' / 'votes.sqlite'}")
    assert len(read_poll(ballots, "some-run").participants) == 1


def test_a_picture_that_vanished_is_told_and_the_vote_is_asked_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, copy: Path, caplog: pytest.LogCaptureFixture
):
    page = Page(monkeypatch, "--study", copy / "page.toml")
    for path in (copy / "run" / "cells").rglob("*.png"):
        path.rename(path.with_suffix(".gone"))
    material._pixels.cache_clear()
    page.click("I agree. Begin")
    assert "A picture of this study cannot be shown" in page.says()
    assert "cannot be read" in caplog.text
    assert not [button for button in page.app.button if button.label == "A is better"]
    for path in (copy / "run" / "cells").rglob("*.gone"):
        path.rename(path.with_suffix(".png"))
    page.click("Try again")
    assert page.says() == ""
    assert [button for button in page.app.button if button.label == "A is better"]


def test_a_database_that_is_away_is_told_kindly_and_the_vote_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, copy: Path
):
    """A crowd, and a database that is killed at any moment: test_crowd.py."""
    monkeypatch.setattr("studies.page.trial.SOONEST", 0.0)
    page = Page(monkeypatch, "--study", copy / "page.toml")
    page.click("I agree. Begin")
    votes, away = copy / "run" / "votes.sqlite", copy / "away"
    files = list(votes.parent.glob("votes.sqlite*"))
    away.mkdir()
    for file in files:
        file.rename(away / file.name)
    page.click("A is better")
    assert "cannot reach our records" in page.says()
    for file in files:
        (away / file.name).rename(file)
    page.click("Try again")
    assert "We could not save your last answer" in page.says()
    assert page.headings() == [QUESTIONS["overall"]]
    page.click("B is better")
    assert page.says() == ""
    assert page.headings() == [QUESTIONS["style"]]
    kept = read_poll(Ballots(f"sqlite:///{votes}"), "page").votes["answer"]
    assert kept.tolist() == ["right"]


@pytest.mark.parametrize("token", ["", "short"])
def test_without_a_good_token_in_the_environment_there_is_no_administrators_page(
    monkeypatch: pytest.MonkeyPatch, place: Path, token: str
):
    monkeypatch.setenv(TOKEN, token)
    page = Page(monkeypatch, "--admin", "--study", place / "page.toml")
    assert "The administrator's page is off" in page.says()
    assert len(page.app.text_input) == len(page.app.button) == 0
    assert page.headings() == []
