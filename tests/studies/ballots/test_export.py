"""Exported ballots come back as they were, and a damaged export is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dfr.core.errors import UserError
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.circumstances import Circumstances
from studies.ballots.export import FORMATS, read_export, write_export
from studies.ballots.importing import import_poll
from studies.ballots.poll import choose_name, read_poll
from tests.studies.databases import one_database

SETTINGS = {"questions": ["overall", "style"], "methods": {"ours": "Ours", "theirs": "Theirs"}}
COMMENTS = ['=HYPERLINK("http://x")', '<b>bold</b>, "quoted"\nsecond line', "'tis", "  é 🎨"]

HOW = [Circumstances(), Circumstances("browser", True, "phone"), Circumstances("server", False)]


def fill(url: str, design) -> Ballots:
    """Four people; the last stopped in the middle."""
    made = Ballots(url)
    study = begin_study(made, "s", "d", SETTINGS, lambda: design(people=4))
    for person, comment in enumerate(COMMENTS):
        link = made.join(study)
        seat = made.seat(study, link)
        while seat.step is not None and not (person == 3 and seat.done == 5):
            answer = ("left", "right", "tie")[(seat.done + person) % 3]
            how = HOW[seat.done % len(HOW)]
            _, seat = made.cast(study, link, seat.step.number, answer, 0.1 * seat.done, how)
        made.comment(study, link, comment)
    return made


@pytest.fixture
def ballots(url: str, design) -> Ballots:
    return fill(url, design)


@pytest.fixture(scope="module")
def sound_export(tmp_path_factory: pytest.TempPathFactory, design) -> Path:
    folder = tmp_path_factory.mktemp("export")
    filled = fill(f"sqlite:///{folder / 'ballots.sqlite'}", design)
    write_export(read_poll(filled, "s"), folder / "out")
    return folder / "out"


def test_an_export_comes_back_as_it_was(ballots: Ballots, tmp_path: Path):
    before = read_poll(ballots, "s")
    for kind in FORMATS:
        write_export(before, tmp_path / kind, kind)
        other = Ballots(f"sqlite:///{tmp_path / f'{kind}.sqlite'}")
        assert import_poll(other, read_export(tmp_path / kind)) == (4, 3 * 10 + 5)
        after = read_poll(other, "s")
        for name in ("trials", "participants", "votes"):
            pd.testing.assert_frame_equal(getattr(before, name), getattr(after, name))
        assert (before.digest, before.settings) == (after.digest, after.settings)


def test_importing_twice_adds_nothing(ballots: Ballots, tmp_path: Path):
    write_export(read_poll(ballots, "s"), tmp_path)
    assert import_poll(ballots, read_export(tmp_path)) == (0, 0)
    assert len(read_poll(ballots, "s").votes) == 35


def test_two_databases_of_one_study_become_one(tmp_path: Path, design):
    for name in ("a", "b"):
        ballots = Ballots(f"sqlite:///{tmp_path / name}.sqlite")
        study = begin_study(ballots, "s", "d", SETTINGS, design)
        ballots.cast(study, ballots.join(study), 0, "left", 1.0)
        write_export(read_poll(ballots, "s"), tmp_path / name)
    both = Ballots(f"sqlite:///{tmp_path / 'both.sqlite'}")
    for name in ("a", "b"):
        import_poll(both, read_export(tmp_path / name))
    poll = read_poll(both, "s")
    assert len(poll.participants) == len(poll.votes) == 2


@one_database
def test_a_study_of_other_settings_is_not_mixed_in(ballots: Ballots, tmp_path: Path):
    write_export(read_poll(ballots, "s"), tmp_path)
    described = json.loads((tmp_path / "study.json").read_text())
    (tmp_path / "study.json").write_text(json.dumps({**described, "digest": "other"}))
    with pytest.raises(UserError, match="other settings"):
        import_poll(ballots, read_export(tmp_path))


@one_database
def test_an_export_holds_no_link_and_no_code(ballots: Ballots, tmp_path: Path):
    import sqlalchemy as sa

    from studies.ballots.schema import PARTICIPANTS

    write_export(read_poll(ballots, "s"), tmp_path)
    text = "".join(path.read_text() for path in [*tmp_path.glob("*.csv"), tmp_path / "study.json"])
    people = ballots.rows(sa.select(PARTICIPANTS))
    assert people[0].name in text
    for person in people:
        assert person.link not in text
        assert person.code not in text


@one_database
def test_a_comment_is_no_formula_in_a_spreadsheet(ballots: Ballots, tmp_path: Path):
    write_export(read_poll(ballots, "s"), tmp_path)
    shown = pd.read_csv(tmp_path / "participants.csv")["comment"]
    assert not shown.str.startswith(("=", "+", "-", "@")).any()


def damage(folder: Path, name: str, **values: object) -> None:
    frame = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    for column, value in values.items():
        frame.loc[2, column] = value
    frame.to_csv(folder / f"{name}.csv", index=False)


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("votes", {"answer": "ours"}, "row 3: 'answer' is 'ours'"),
        ("votes", {"question": "taste"}, "'question'"),
        ("votes", {"participant": "nobody"}, "'participant' is 'nobody'"),
        ("votes", {"position": "77"}, "not theirs"),
        ("votes", {"slot": "1"}, "not theirs"),
        ("votes", {"seconds": "long"}, "no number"),
        ("votes", {"timed_by": "a friend"}, "'timed_by' is 'a friend'"),
        ("votes", {"reloaded": "perhaps"}, "'reloaded' is 'perhaps'"),
        ("votes", {"device": "A52s 5G"}, "'device' is 'A52s 5G'"),
        ("votes", {"position": "0", "question": "overall"}, "two rows have the same"),
        ("trials", {"kind": "joke"}, "'kind'"),
        ("trials", {"left_source": "x"}, "'left_source'"),
        ("trials", {"position": "one"}, "no number"),
        ("participants", {"slot": "?"}, "no number"),
    ],
)
def test_a_damaged_export_is_refused(sound_export: Path, tmp_path: Path, name, values, told):
    shutil.copytree(sound_export, tmp_path, dirs_exist_ok=True)
    damage(tmp_path, name, **values)
    with pytest.raises(UserError, match=told):
        read_export(tmp_path)


def test_an_export_of_an_older_version_is_read(sound_export: Path, tmp_path: Path):
    shutil.copytree(sound_export, tmp_path, dirs_exist_ok=True)
    votes = pd.read_csv(tmp_path / "votes.csv")
    votes.drop(columns=["timed_by", "reloaded", "device"]).to_csv(
        tmp_path / "votes.csv", index=False
    )
    trials = pd.read_csv(tmp_path / "trials.csv")
    trials.drop(columns=["pair"]).to_csv(tmp_path / "trials.csv", index=False)
    read = read_export(tmp_path).votes
    assert len(read) == len(votes)
    assert set(read["pair"]) == {"planned"}
    assert set(read["timed_by"]) == {"server"}
    assert read["reloaded"].isna().all()
    assert set(read["device"]) == {""}


@one_database
def test_missing_and_unreadable_files_are_told(ballots: Ballots, tmp_path: Path):
    with pytest.raises(UserError, match=r"study\.json: no such file"):
        read_export(tmp_path)
    write_export(read_poll(ballots, "s"), tmp_path)
    (tmp_path / "votes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="has the columns"):
        read_export(tmp_path)
    (tmp_path / "votes.csv").unlink()
    with pytest.raises(UserError, match=r"votes\.csv: no such file"):
        read_export(tmp_path)
    (tmp_path / "votes.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(UserError, match="cannot be read as parquet"):
        read_export(tmp_path)
    (tmp_path / "study.json").write_text("[]")
    with pytest.raises(UserError, match="is not a study"):
        read_export(tmp_path)


@one_database
def test_the_study_is_chosen_by_name_where_there_are_several(ballots: Ballots, design):
    assert choose_name(ballots, None) == "s"
    begin_study(ballots, "t", "d", SETTINGS, design)
    assert choose_name(ballots, "t") == "t"
    with pytest.raises(UserError, match=r"several studies.*s, t"):
        choose_name(ballots, None)
    with pytest.raises(UserError, match="no study 'u'; it has s, t"):
        choose_name(ballots, "u")
