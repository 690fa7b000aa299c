"""The command that ranks."""

from __future__ import annotations

import dataclasses
import shutil

import pandas as pd
import typer
from typer.testing import CliRunner

from dfr.core.errors import UserError
from reports.inputs.vote_reading import read_votes
from reports.inputs.votes import PRELIMINARY
from reports.votes import commands as cli_ranking
from studies.ballots.administration import close_study
from studies.ballots.export import write_export
from tests.reports.votes.voting import STRENGTHS, TITLES, bare, in_memory, kept, open_votes


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(cli_ranking.rank)
    return app


def rank(*arguments: object):
    return CliRunner().invoke(command(), [str(argument) for argument in arguments])


def test_rank_tells_and_keeps_the_ranking(people, tmp_path):
    database = shutil.copy(people / "votes.sqlite", tmp_path / "votes.sqlite")
    done = rank("--database", database, "--draws", 200)
    assert done.exit_code == 0, done.output
    places = [done.output.index(f"{place}    │ {title}")
              for place, title in enumerate(TITLES.values(), 1)]  # fmt: skip
    assert places == sorted(places)
    left_out = kept(people, "votes_overall_catches").query("dropped")["participant"].tolist()
    assert f"failed catch trials: {left_out[0]}" in " ".join(done.output.split())
    folder = tmp_path / "votes"
    study = in_memory(STRENGTHS)
    tables = {f"votes_overall_{field.name}.csv"
              for field in dataclasses.fields(study.results["overall"])}  # fmt: skip
    figures = {f"votes_{name}.{ending}" for name in ("strengths", "wins", "funnel")
               for ending in ("png", "svg", "csv")}  # fmt: skip
    assert {path.name for path in folder.iterdir()} == tables | figures
    table = pd.read_csv(folder / "votes_overall_strengths.csv")
    assert table["method_title"].tolist() == list(TITLES.values())
    assert set(table["voters"]) == {"people"}


def test_rank_does_not_look_before_the_end(tiny_run, tmp_path):
    run = bare(tiny_run, tmp_path / "run")
    opened = open_votes(run, voting=4)
    refused = rank("--database", run / "votes.sqlite")
    assert isinstance(refused.exception, UserError)
    assert "still open (4 of 12 finished)" in str(refused.exception)
    assert "dfr votes close" in str(refused.exception)
    assert not (run / "votes").exists()
    shown = rank("--database", run / "votes.sqlite", "--draws", 50, "--preliminary")
    assert shown.exit_code == 0, shown.output
    titles = [
        line for line in shown.output.splitlines() if ", overall" in line or "trusted" in line
    ]
    assert len(titles) == 4
    assert all(PRELIMINARY in line for line in titles)
    for name in ("strengths", "wins", "funnel"):
        assert PRELIMINARY in (run / "votes" / f"votes_{name}.svg").read_text()
    table = pd.read_csv(run / "votes" / "votes_overall_pairs.csv")
    assert table["voters"].str.contains(PRELIMINARY).all()
    close_study(opened.ballots, opened.key)
    done = rank("--database", run / "votes.sqlite", "--draws", 50, "--preliminary")
    assert PRELIMINARY not in done.output  # it is closed


def test_rank_of_an_export(people, tmp_path):
    write_export(read_votes(str(people / "votes.sqlite")), tmp_path / "export")
    done = rank(tmp_path / "export", "--out", tmp_path / "out", "--draws", 50)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "out" / "votes_overall_strengths.csv")
    assert table["method"].tolist() == list(STRENGTHS)
    both = rank(tmp_path / "export", "--name", "taste")
    assert "either a folder" in str(both.exception)
