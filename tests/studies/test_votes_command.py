"""The commands of `dfr votes`, as they are typed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.location import DATABASE
from studies.ballots.poll import read_poll
from studies.design.power import INDEPENDENT, least_preference
from tests.conftest import complaint

SETTINGS = {"questions": ["overall"], "methods": {"ours": "Ours", "theirs": "Theirs"}}


@pytest.fixture
def database(tmp_path: Path, design) -> Path:
    """Two people of whom one finished."""
    path = tmp_path / "ballots.sqlite"
    ballots = Ballots(f"sqlite:///{path}")
    study = begin_study(ballots, "s", "d", SETTINGS, design)
    for steps in (5, 2):
        link = ballots.join(study)
        for number in range(steps):
            ballots.cast(study, link, number, "left", 1.0)
    return path


def test_a_plan_of_600_votes_says_what_it_assumes(dfr):
    size = ("--methods", 6, "--participants", 30, "--trials", 20)
    done = dfr("votes", "plan", *size)
    assert done.returncode == 0, done.stderr
    assert "30 participants × 20 trials = 600 votes" in done.stdout
    assert "10% of the votes lost" in done.stdout
    assert "15 contents and 20 styles" in done.stdout

    def found(text: str) -> list[float]:
        lines = [line for line in text.splitlines() if "all votes on two methods" in line]
        return [float(re.search(r"([\d.]+)% :", line)[1]) for line in lines]

    as_assumed, independent = found(done.stdout)
    assert independent == pytest.approx(100 * least_preference(600, 30, INDEPENDENT), abs=0.05)
    assert as_assumed > independent + 3
    plain = dfr("votes", "plan", *size, "--ties", 0, "--dropout", 0, "--correlation", 0,
                "--pictures", 0)  # fmt: skip
    assert found(plain.stdout) == [independent] * 2


def test_a_plan_over_a_run_shows_how_even_it_is(dfr, tiny_run: Path):
    done = dfr("votes", "plan", "--run", tiny_run, "--participants", 6, "--trials", 10,
               "--methods", "dfr,decormst,gatys,feedforward")  # fmt: skip
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if "votes per two methods" in line)
    assert line.replace("│", " ").split()[-2:] == ["10", "10"]
    assert "100.0% of a balanced complete design" in done.stdout


def test_list_export_import_forget_close(dfr, database: Path, tmp_path: Path):
    done = dfr("votes", "list", "--database", database)
    assert done.stdout.splitlines()[-2].replace("│", " ").split()[0] == "s"
    for kind in ("csv", "parquet"):
        out = tmp_path / kind
        done = dfr("votes", "export", out, "--database", database, "--format", kind)
        assert "7 votes of 2 people" in done.stdout, done.stderr
        other = tmp_path / f"{kind}.sqlite"
        assert (
            "added 7 votes of 2 people" in dfr("votes", "import", out, "--database", other).stdout
        )
        assert (
            "added 0 votes of 0 people" in dfr("votes", "import", out, "--database", other).stdout
        )
    answers = pd.read_csv(tmp_path / "csv" / "answers.csv")
    assert len(answers) == 7
    assert (
        answers.columns.tolist()
        == pd.read_csv(tmp_path / "csv" / "dictionary.csv")["column"].tolist()
    )
    assert (tmp_path / "csv" / "main_table.R").is_file()
    person = pd.read_csv(tmp_path / "csv" / "participants.csv")["participant"][1]
    done = dfr("votes", "forget", person, "--database", database)
    assert f"deleted {person} and 2 votes" in done.stdout
    assert len(read_poll(Ballots(f"sqlite:///{database}"), "s").votes) == 5
    assert "is closed" in dfr("votes", "close", "--database", database).stdout
    assert read_poll(Ballots(f"sqlite:///{database}"), "s").closed_at is not None
    assert "is open" in dfr("votes", "close", "--open", "--database", database).stdout


def test_a_study_is_named_by_its_folder_and_what_is_done_is_logged(dfr, database: Path):
    home = database.parent / "spring"
    home.mkdir()
    (home / "s.toml").touch()
    database.rename(home / "votes.sqlite")
    for command in (["export", home / "out"], ["close"], ["close", "--open"], ["codes"]):
        done = dfr("votes", *command, "--study", home)
        assert done.returncode == 0, done.stderr
    lines = dfr("votes", "log", "--study", home / "s.toml").stdout.splitlines()
    assert [line.split("  ")[1:] for line in lines] == [
        ["exported", "7 votes"], ["closed"], ["opened again"], ["codes", "listed 1"],
    ]  # fmt: skip
    assert all(re.match(r"20\d\d-\d\d-\d\dT", line) for line in lines)
    (home / "other.toml").touch()
    assert "holds other.toml, s.toml" in complaint(dfr("votes", "close", "--study", home))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan"], "a plan needs the methods"),
        (["plan", "--methods", "1"], "a plan needs the methods"),
        (["plan", "--methods", "4", "--participants", "2", "--judges", "3"], "3 judges of 2"),
        (["plan", "--study", "missing.toml"], "no such study file"),
        (["list", "--database", "missing.sqlite"], "no ballots there"),
        (["list", "--database", "mysql://x"], "ballots are kept in"),
        (["list", "--database", "postgresql://x@127.0.0.1:1/y"], "cannot be reached"),
        (["list"], "name the study: --study FOLDER"),
        (["close", "--study", "nowhere"], "no ballots there"),
        (["export", "out", "--format", "xls", "--database", "DB"], "unknown format 'xls'"),
        (["export", "out", "--name", "t", "--database", "DB"], "no study 't'"),
        (["export", "FILE", "--database", "DB"], "is a file"),
        (["import", "nowhere", "--database", "new.sqlite"], "no such file"),
        (["import", "nowhere"], f"name the database with --database or {DATABASE}"),
        (["forget", "nobody", "--database", "DB"], "no participant 'nobody'"),
        (["upgrade", "--database", "FILE"], "not a database"),
    ],
)
def test_what_cannot_be_done_is_one_line(dfr, database: Path, tmp_path: Path, arguments, told):
    (tmp_path / "file.txt").write_text("no database " * 100)
    names = {"DB": database, "FILE": tmp_path / "file.txt"}
    done = dfr("votes", *(names.get(word, word) for word in arguments), cwd=tmp_path)
    assert told in complaint(done)
    assert not (tmp_path / "missing.sqlite").exists()
    assert not (tmp_path / "new.sqlite").exists()
    assert not (tmp_path / "out").exists()
