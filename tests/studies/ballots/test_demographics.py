"""What participants tell about themselves is kept apart from their votes, and goes when they go."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from dfr.core.errors import UserError
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.database import BallotsDown
from studies.ballots.export import FORMATS, read_export, write_export
from studies.ballots.importing import import_poll
from studies.ballots.poll import read_poll
from studies.design.demographics import LONGEST_REPLY, Demographic
from studies.design.study import Study, read_study
from tests.studies.ballots.people import SETTINGS
from tests.studies.databases import one_database

ANN = {"age": "30 to 39", "art": "=I paint, \"a lot\"\nand é"}  # fmt: skip


def test_who_withdraws_takes_it_along(url: str, ballots: Ballots, design):
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=3))
    ann = ballots.join(study, about=ANN)
    ballots.join(study, about={"age": "18 to 29"})
    ballots.join(study)
    assert ballots.join(study, ann, about={"age": "60 or more"}) == ann  # has a place already
    told = read_poll(ballots, "s").demographics
    assert list(zip(told["name"], told["reply"], strict=True)) == [
        *ANN.items(), ("age", "18 to 29"),
    ]  # fmt: skip
    ballots.withdraw(study, ann)
    left = read_poll(ballots, "s").demographics
    assert left["reply"].tolist() == ["18 to 29"]
    assert len(read_poll(ballots, "s").participants) == 2
    if url.startswith("sqlite"):
        files = Path(url.removeprefix("sqlite:///")).parent.glob("ballots*")
        assert not any(b"I paint" in path.read_bytes() for path in files)


@one_database
def test_a_place_and_what_belongs_to_it_are_kept_together_or_not_at_all(ballots: Ballots, design):
    study = begin_study(ballots, "s", "d", SETTINGS, design)
    with pytest.raises(BallotsDown):
        ballots.join(study, about={"age": None})  # type: ignore[dict-item]
    assert read_poll(ballots, "s").participants.empty


@one_database
def test_an_export_has_it_in_a_file_of_its_own(ballots: Ballots, design, tmp_path: Path):
    study = begin_study(ballots, "s", "d", SETTINGS, design)
    ballots.cast(study, ballots.join(study, about=ANN), 0, "left", 1.0)
    before = read_poll(ballots, "s")
    for kind in FORMATS:
        out = tmp_path / kind
        write_export(before, out, kind)
        other = Ballots(f"sqlite:///{tmp_path / kind}.sqlite")
        for _ in range(2):
            import_poll(other, read_export(out))
        pd.testing.assert_frame_equal(read_poll(other, "s").demographics, before.demographics)
    text = (tmp_path / "csv" / "demographics.csv").read_text()
    assert "'=I paint" in text  # no formula in a spreadsheet
    others = [path for path in (tmp_path / "csv").iterdir() if path.name != "demographics.csv"]
    assert not any("I paint" in path.read_text() for path in others)
    name = before.participants["participant"][0]
    (tmp_path / "csv" / "demographics.csv").write_text(text.replace(name, "nobody", 1))
    with pytest.raises(UserError, match="'participant' is 'nobody'"):
        read_export(tmp_path / "csv")
    (tmp_path / "csv" / "demographics.csv").unlink()  # as an older export
    assert read_export(tmp_path / "csv").demographics.empty


def test_a_reply_is_one_of_the_choices_or_short():
    age = Demographic(name="age", text="How old are you?", choices=("18 to 29", "30 or more"))
    assert age.accepts("18 to 29")
    assert not age.accepts("17")
    own = Demographic(name="art", text="Do you paint?")
    assert own.accepts("x" * LONGEST_REPLY)
    assert not own.accepts("x" * (LONGEST_REPLY + 1))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ('name = "Age"\ntext = "?"', "'demographics.0.name'"),
        ('name = "age"', "'demographics.0.text'"),
        ('name = "age"\ntext = "?"\nchoices = ["18"]', "needs several choices"),
        ('name = "age"\ntext = "?"\nchoices = ["a", "a"]', "needs several choices"),
        ('name = "age"\ntext = "?"\n[[demographics]]\nname = "age"\ntext = "?"', "a name twice"),
        ('name = "age"\ntext = "?"\nkind = "number"', "demographics.0.kind"),
    ],
)
def test_what_cannot_be_asked_is_told(tmp_path: Path, asked: str, told: str):
    (tmp_path / "s.toml").write_text(f"[[demographics]]\n{asked}\n")
    with pytest.raises(UserError) as caught:
        read_study(tmp_path / "s.toml")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_study_keeps_its_questions_as_settings():
    study = Study(name="s", demographics=({"name": "age", "text": "?"},))
    assert Study.model_validate(study.model_dump(mode="json")) == study
    with pytest.raises(ValidationError):
        Study(name="s", demographics=({"name": "age"},))
