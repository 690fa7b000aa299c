"""Votes are found, told from those of other runs, and read without touching them."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dfr.core.errors import UserError
from dfr.core.files import seal_of
from reports.inputs import vote_reading
from reports.inputs.run_data import read_run
from reports.inputs.vote_reading import log_look, read_votes, votes_of_run
from studies.ballots.administration import close_study
from studies.ballots.ballots import Ballots
from studies.ballots.export import write_export
from studies.design.material import read_material
from tests.conftest import complaint
from tests.reports.votes.voting import bare, open_votes


def test_votes_of_another_run_are_refused_in_one_line(dfr, people, tiny_run, tmp_path):
    other = bare(tiny_run, tmp_path / "other")
    told = (other / "run.json").read_text()
    identity = read_run(other).identity
    store = read_run(other).store
    store.write_sealed("run.json", {"identity": {**identity, "seed": 99},
                                    "environments": read_run(other).environments})  # fmt: skip
    assert (other / "run.json").read_text() != told
    line = complaint(dfr("report", other, "--votes", people / "votes.sqlite"))
    assert "holds no votes on this run" in line
    assert "taste" in line
    assert not (other / "report").exists()
    line = complaint(dfr("report", other, "--votes", tmp_path / "nothing.sqlite"))
    assert "no ballots there" in line
    assert not (tmp_path / "nothing.sqlite").exists()


def test_a_study_knows_its_run_by_the_hash_that_the_voting_page_keeps(tiny_run):
    assert seal_of(read_run(tiny_run).identity) == read_material(tiny_run).identity


def test_reading_votes_changes_nothing(people, tmp_path):
    alone = tmp_path / "alone"  # others who read the shared file leave SQLite's beside it meanwhile
    alone.mkdir()
    votes = Path(shutil.copy(people / "votes.sqlite", alone))
    before = votes.read_bytes()
    assert read_votes(str(votes)).name == "taste"
    assert list(alone.iterdir()) == [votes]
    assert votes.read_bytes() == before
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    with pytest.raises(UserError, match="holds no ballots"):
        read_votes(str(empty))
    assert empty.read_bytes() == b""
    old = shutil.copy(people / "votes.sqlite", tmp_path / "old.sqlite")
    with vote_reading.sa.create_engine(f"sqlite:///{old}").begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    before = Path(old).read_bytes()
    with pytest.raises(UserError, match="another version"):
        read_votes(str(old))
    assert Path(old).read_bytes() == before


def test_a_look_at_the_ranking_is_logged_where_that_can_be(people, tmp_path, caplog):
    assert read_votes(str(people)).events["detail"].tolist()[-1] == "shown in a report"
    shutil.copy(people / "votes.sqlite", tmp_path / "votes.sqlite")
    poll = read_votes(str(tmp_path))
    log_look(str(tmp_path), dataclasses.replace(poll, closed_at=None), "rank")
    told = read_votes(str(tmp_path)).events.iloc[-1]
    assert (told["what"], told["detail"]) == ("ranking", "before the study was closed, rank")
    write_export(poll, tmp_path / "export")
    log_look(str(tmp_path / "export"), poll, "")  # has no log, and needs none
    assert not caplog.messages
    with vote_reading.sa.create_engine(f"sqlite:///{tmp_path / 'votes.sqlite'}").begin() as link:
        link.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    log_look(str(tmp_path), poll, "")
    assert "is not in the log of the study" in caplog.text


def test_ballots_for_reading_cannot_write(people, tmp_path):
    copy = shutil.copy(people / "votes.sqlite", tmp_path / "copy.sqlite")
    reader = vote_reading.ReadBallots(f"sqlite:///{copy}")
    with pytest.raises(UserError, match="readonly"):
        close_study(reader, 1)


def test_an_export_gives_the_same_ranking(people, tmp_path):
    write_export(read_votes(str(people / "votes.sqlite")), tmp_path / "export")
    run = read_run(people, votes=str(tmp_path / "export"))
    pd.testing.assert_frame_equal(
        run.votes.results["overall"].strengths,
        read_run(people).votes.results["overall"].strengths,
    )


def test_of_several_studies_people_s_come_first(tiny_run, tmp_path):
    run = bare(tiny_run, tmp_path / "run")
    first = open_votes(run, voting=1, name="rehearsal", simulated=True)
    close_study(first.ballots, first.key)
    open_votes(run, voting=1, name="open")
    identity = read_run(run).identity
    found = votes_of_run(run, identity)
    assert (found.poll.name, found.others) == ("open", ("rehearsal",))
    assert "other studies of this run: rehearsal" in found.counts
    third = open_votes(run, voting=1, name="done")
    close_study(third.ballots, third.key)
    assert votes_of_run(run, identity).poll.name == "done"
    assert votes_of_run(run, identity, name="rehearsal").poll.name == "rehearsal"
    with pytest.raises(UserError, match="unknown study 'don': did you mean done"):
        votes_of_run(run, identity, name="don")


def test_settings_that_tell_too_little_are_refused(people, tmp_path):
    poll = read_votes(str(people / "votes.sqlite"))
    settings = {name: value for name, value in poll.settings.items() if name != "drop_at"}
    write_export(dataclasses.replace(poll, settings=settings), tmp_path / "export")
    with pytest.raises(UserError, match="has no setting drop_at"):
        read_votes(str(tmp_path / "export"))


def test_an_ordinary_database_still_takes_votes_after_it_was_read(tiny_run, tmp_path):
    run = bare(tiny_run, tmp_path / "run")
    opened = open_votes(run, voting=1)
    reader = read_votes(str(run / "votes.sqlite"))
    assert len(reader.participants) == 1
    Ballots(f"sqlite:///{run / 'votes.sqlite'}").join(opened.key)
    assert len(read_votes(str(run / "votes.sqlite")).participants) == 2
