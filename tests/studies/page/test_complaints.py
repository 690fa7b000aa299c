"""What the voting page says when something fails: Streamlit runs its script here, without a server.

`AppTest` runs the same script as ``streamlit run studies/vote.py``, and keeps what it shows.
"""

from __future__ import annotations

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

#: One worker reads Streamlit and copies the run.
pytestmark = pytest.mark.xdist_group(name="page without a browser")


class Page:
    """The page as its script makes it, with these arguments."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *arguments: object,
        pid: str | list[str] | None = "5f0c9d0a1b2c3d4e5f607182",
        invite: str | None = None,
    ) -> None:
        monkeypatch.setattr("sys.argv", ["vote.py", *map(str, arguments)])
        self.app = AppTest.from_file(str(ROOT / "studies" / "vote.py"), default_timeout=60)
        for name, value in (("PROLIFIC_PID", pid), ("invite", invite)):
            if value is not None:
                self.app.query_params[name] = value
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
    study = STUDY.replace('door = "open"', 'door = "platform"')  # here is no browser
    (tmp_path / "page.toml").write_text(study + 'run = "run"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("text", "database", "told"),
    [
        (None, None, "no such study file"),
        ('methods = ["dfr", "nosuch"]', None, "unknown method of the run"),
        ('trials = "many"', None, "'trials': Input should be"),
        ("", "mysql://me:geheim@x", "ballots are kept in"),
        ("", "postgresql:/me:geheim@x", "names no database"),
        ("", "postgresql://me:geheim@127.0.0.1:1/y", "cannot be reached"),
    ],
)
def test_what_is_wrong_is_told_to_log_and_administrator_and_never_to_voters(
    monkeypatch: pytest.MonkeyPatch, place: Path, tmp_path: Path, caplog, text, database, told: str
):
    file = tmp_path / "s.toml"
    if text is not None:
        file.write_text(f"{text}\nrun = {str(place / 'run')!r}\n")
    arguments = ["--study", file, *(["--database", database] if database else [])]
    page = Page(monkeypatch, *arguments)
    assert told in caplog.text
    assert page.headings() == []
    down = database is not None and database.endswith("/y")
    kind = "cannot reach our records" if down else "cannot be shown at the moment"
    assert kind in page.says()
    assert "\n" not in page.says()
    monkeypatch.setenv(TOKEN, "a-token-of-the-test")
    page = Page(monkeypatch, *arguments, "--admin")
    page.app.text_input[0].set_value("a-token-of-the-test")
    page.click("Enter")
    assert (kind if down else told) in page.says()
    assert "geheim" not in page.says() + caplog.text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "this address lacks your participant id"),
        ("x" * 10_000, "cannot be read"),
        ("<b>1234</b>", "cannot be read"),
        (["abcd", "abce"], "two participant ids"),
    ],
)
def test_who_comes_without_a_good_id_is_told_why_in_one_line(
    monkeypatch: pytest.MonkeyPatch, copy: Path, given, told: str
):
    page = Page(monkeypatch, "--study", copy / "page.toml", pid=given)
    assert told in page.says()
    assert "\n" not in page.says()
    assert not page.app.button


def test_an_id_comes_once_and_another_tab_of_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, copy: Path
):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    first, second, other = (
        Page(monkeypatch, "--study", copy / "page.toml", pid=pid)
        for pid in ("A1B2C3", "A1B2C3", "D4E5F6")
    )
    first.click("I agree. Begin")
    assert "PROLIFIC_PID" not in first.app.query_params
    first.click("A is better")
    second.click("I agree. Begin")  # the page was open before the other one began
    assert second.headings() == [QUESTIONS["style"]]
    again = Page(monkeypatch, "--study", copy / "page.toml", pid="A1B2C3")
    assert again.headings() == [QUESTIONS["style"]]
    other.click("I agree. Begin")
    assert other.headings() == [QUESTIONS["overall"]]
    ballots = Ballots(f"sqlite:///{copy / 'votes.sqlite'}")
    assert len(read_poll(ballots, "page").participants) == 2


def test_an_invitation_is_typed_or_stands_in_the_address(
    monkeypatch: pytest.MonkeyPatch, copy: Path, dfr
):
    study = copy / "page.toml"
    study.write_text(study.read_text().replace('door = "platform"', 'door = "invitation"'))
    made = dfr("votes", "invite", 2, "--study", copy, "--address", "https://x.org/")
    links = made.stdout.split()
    assert [link.partition("=")[0] for link in links] == ["https://x.org/?invite"] * 2
    codes = [link.partition("=")[2] for link in links]
    page = Page(monkeypatch, "--study", study, pid=None)
    page.app.text_input[0].set_value("GUESSEDCODE")
    page.click("Enter")
    assert "This invitation is not known" in page.says()
    page.app.text_input[0].set_value(codes[0].lower())
    page.click("Enter")
    page.click("I agree. Begin")
    assert page.headings() == [QUESTIONS["overall"]]
    for code in codes:
        Page(monkeypatch, "--study", study, invite=code)
    ballots = Ballots(f"sqlite:///{copy / 'votes.sqlite'}")
    assert len(read_poll(ballots, "page").participants) == 1
    assert page.headings() == [QUESTIONS["overall"]]


def test_answers_are_taken_back_in_the_middle_and_by_the_code(
    monkeypatch: pytest.MonkeyPatch, copy: Path, dfr
):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    study = copy / "page.toml"
    study.write_text(study.read_text() + 'completion_link = "https://x.org/done?cc={code}"\n')
    page = Page(monkeypatch, "--study", study)
    page.click("I agree. Begin")
    page.click("A is better")
    ballots = Ballots(f"sqlite:///{copy / 'votes.sqlite'}")
    page.click("Delete all my answers")
    assert page.headings() == ["Your answers were deleted"]
    assert read_poll(ballots, "page").votes.empty
    page = Page(monkeypatch, "--study", study)
    page.click("I agree. Begin")
    secret = page.app.query_params["me"]
    seat = ballots.seat(1, secret)
    while seat.step is not None:
        _, seat = ballots.cast(1, secret, seat.step.number, "left", 1.0)
    page.load()
    assert page.headings() == ["Thank you!"]
    assert page.app.get("link_button")[0].proto.url == f"https://x.org/done?cc={seat.code}"
    done = dfr("votes", "codes", "--study", copy, seat.code.lower(), "GUESSED234")
    assert done.stdout.split()[:2] == [seat.code.lower(), "finished"], done.stderr
    assert "GUESSED234  unknown" in done.stdout
    assert seat.code in dfr("votes", "codes", "--study", copy).stdout
    other = Page(monkeypatch, "--study", study, pid="A1B2C3")
    for code in ("GUESSED234", seat.code):
        other.app.text_input[0].set_value(code)
        other.click("Delete all my answers")
    assert [box.value for box in other.app.success] == ["Your answers were deleted"]
    assert read_poll(ballots, "page").participants.empty


def test_every_box_has_to_be_ticked_and_the_page_speaks_the_studys_language(
    monkeypatch: pytest.MonkeyPatch, copy: Path
):
    study = copy / "page.toml"
    study.write_text(
        study.read_text()
        + """
language = "de"
consent_boxes = ["Ich bin 18 oder älter.", "Ich mache freiwillig mit."]
contact = "studie@example.org"
words = {better = "{letter} gewinnt"}
"""
    )
    page = Page(monkeypatch, "--study", study)
    assert any("studie@example.org" in text.value for text in page.app.markdown)
    page.app.checkbox[0].check()
    page.click("Ich stimme zu. Beginnen")
    assert "Bitte kreuzen Sie oben alles an" in page.says()
    for box in page.app.checkbox:
        box.check()
    page.click("Ich stimme zu. Beginnen")
    assert page.headings() == ["Welches Bild gibt das Foto besser in diesem Stil wieder?"]
    labels = [button.label for button in page.app.button]
    assert labels == ["A gewinnt", "Weiß nicht", "B gewinnt", "Alle meine Antworten löschen"]


def test_places_are_added_to_a_study_by_a_command(copy: Path, dfr):
    done = dfr("votes", "add", 3, "--study", copy / "page.toml")
    assert "study 'page' has 33 places" in done.stdout, done.stderr
    assert "has 35 places" in dfr("votes", "add", 2, "--study", copy).stdout


def test_a_picture_that_vanished_is_told_and_the_vote_is_asked_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch, copy: Path, caplog: pytest.LogCaptureFixture
):
    page = Page(monkeypatch, "--study", copy / "page.toml")
    for path in (copy / "stimuli" / "cells").rglob("*.png"):
        path.rename(path.with_suffix(".gone"))
    material._pixels.cache_clear()
    page.click("I agree. Begin")
    assert "A picture of this study cannot be shown" in page.says()
    assert "cannot be read" in caplog.text
    assert not [button for button in page.app.button if button.label == "A is better"]
    for path in (copy / "stimuli" / "cells").rglob("*.gone"):
        path.rename(path.with_suffix(".png"))
    page.click("Try again")
    assert page.says() == ""
    assert [button for button in page.app.button if button.label == "A is better"]


def test_a_database_that_is_away_is_told_kindly_and_the_vote_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, copy: Path
):
    """A crowd, and a database that is killed at any moment: test_crowd.py."""
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    page = Page(monkeypatch, "--study", copy / "page.toml")
    page.click("I agree. Begin")
    votes, away = copy / "votes.sqlite", copy / "away"
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


def test_without_a_study_the_page_says_how_to_begin(monkeypatch):
    page = Page(monkeypatch)
    assert page.headings() == ["No study is named"]
    (lines,) = (code.value for code in page.app.code)
    assert "dfr votes new" in lines and "--study" in lines
