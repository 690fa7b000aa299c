"""The questions about participants themselves, on the first page."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.location import DATABASE
from studies.ballots.poll import Poll, read_poll
from studies.design.demographics import LONGEST_REPLY
from studies.page.administrator import TOKEN
from tests.studies.page.pages import STUDY
from tests.studies.page.test_complaints import Page

pytestmark = pytest.mark.xdist_group(name="page without a browser")

ABOUT = """
[[demographics]]
name = "age"
text = "Wie alt sind Sie?"
choices = ["18 bis 29", "30 oder mehr"]
required = true
[[demographics]]
name = "art"
text = "Malen Sie?"
"""


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, place: Path, tmp_path: Path) -> Path:
    for name in (DATABASE, TOKEN):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "page.toml"
    study = STUDY.replace('door = "open"', 'door = "platform"\nlanguage = "de"')
    made.write_text(f"{study}run = {str(place / 'run')!r}\n{ABOUT}")
    return made


def poll(file: Path) -> Poll:
    return read_poll(Ballots(f"sqlite:///{file.parent / 'votes.sqlite'}"), "page")


def test_replies_are_kept_when_a_participant_begins_and_not_before(monkeypatch, file: Path):
    page = Page(monkeypatch, "--study", file)
    (age,) = page.app.selectbox
    (art,) = (field for field in page.app.text_input if field.label.startswith("Malen"))
    assert age.label == "Wie alt sind Sie?"
    assert age.placeholder == "Bitte wählen"
    assert age.value is None
    assert art.label == "Malen Sie? (freiwillig)"
    assert art.max_chars == LONGEST_REPLY
    art.set_value("  ja\0, viel ")
    page.click("Ich stimme zu. Beginnen")
    assert "bevor Sie beginnen: Wie alt sind Sie?" in page.says()
    assert poll(file).participants.empty
    assert poll(file).demographics.empty
    page.app.selectbox[0].set_value("18 bis 29")
    page.click("Ich stimme zu. Beginnen")
    told = poll(file).demographics
    assert list(zip(told["name"], told["reply"], strict=True)) == [
        ("age", "18 bis 29"), ("art", "ja, viel"),
    ]  # fmt: skip
    assert not page.app.selectbox  # the first trial is on the page


def test_who_says_nothing_of_what_is_optional_begins_all_the_same(monkeypatch, file: Path):
    file.write_text(file.read_text().replace("required = true", ""))
    page = Page(monkeypatch, "--study", file)
    assert page.app.selectbox[0].label == "Wie alt sind Sie? (freiwillig)"
    page.click("Ich stimme zu. Beginnen")
    assert len(poll(file).participants) == 1
    assert poll(file).demographics.empty
