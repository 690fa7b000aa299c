"""A study from beginning to end, as its README tells it: 40 people come for 30 places."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.analysis.simulated.voters import Voters
from studies.ballots.ballots import Ballots
from studies.ballots.doors import platform_id
from studies.ballots.newcomers import StudyFull
from studies.ballots.opening import OpenStudy, open_study
from studies.ballots.seats import Refused
from studies.design.study import read_study
from tests.reports.votes.voting import STRENGTHS

SETTINGS = """
door = "platform"
completion_link = "https://app.example.org/submissions/complete?cc={code}"
participants = 30
trials = 6
practice = 1
repeats = 1
consent_boxes = ["I am 18 or older."]
contact = "study@example.org"
ethics = "2027-031"
hypotheses = ["DeCorMST wins more than half of its decisive votes against DFR."]
simulated = true
[[demographics]]
name = "age"
text = "How old are you?"
choices = ["18 to 29", "30 to 44", "45 or older"]
"""
CLICKERS, LEAVERS = {3, 9, 15, 21, 27, 33}, {5, 11, 17, 23}


def come(opened: OpenStudy, number: int) -> None:
    """Let one person come from the platform, and answer as such a person does."""
    ballots, random = opened.ballots, np.random.default_rng([8, number])
    voter = Voters(STRENGTHS, tie=0.2).one(random)
    secret = opened.secret_of(platform_id([f"person-{number:04d}"]))
    about = {"age": "30 to 44"} if number % 2 else {}
    for _ in range(2):  # from two tabs
        ballots.join(opened.key, secret, about=about)
    seat = ballots.seat(opened.key, secret)
    while (step := seat.step) is not None and not (number in LEAVERS and seat.done == 5):
        answer = voter.answer(step.trial, random)
        if number in CLICKERS:
            answer = str(random.choice(["left", "right"]))
        _, seat = ballots.cast(opened.key, secret, step.number, answer, 2.0)


@pytest.mark.slow
def test_a_study_from_the_first_file_to_the_ranking_in_r(dfr, tiny_run: Path, tmp_path: Path):
    home = tmp_path / "spring"
    done = dfr("votes", "new", home, "--run", tiny_run, "--methods", ",".join(STRENGTHS))
    assert done.returncode == 0, done.stderr
    file = home / "study.toml"
    kept = [line for line in file.read_text().splitlines()
            if line.startswith(("name", "run", "methods"))]  # fmt: skip
    file.write_text("\n".join(kept) + SETTINGS)
    assert dfr("votes", "preregister", "--study", home).returncode == 0
    digest = hashlib.sha256((home / "preregistration.md").read_bytes()).hexdigest()

    begun = open_study(read_study(file), home)
    time = datetime.now(UTC)
    ballots = Ballots(f"sqlite:///{home / 'votes.sqlite'}", now=lambda: time)
    opened = dataclasses.replace(begun, ballots=ballots)
    for number in range(36):
        come(opened, number)
    with pytest.raises(StudyFull):
        come(opened, 36)
    time += timedelta(minutes=31)  # who left in the middle has lost the place
    for number in range(36, 40):
        come(opened, number)
    with pytest.raises(StudyFull):
        come(opened, 40)
    listed = dfr("votes", "list", "--study", home).stdout.splitlines()[-2]
    assert [cell.strip() for cell in listed.split("│")[3:5]] == ["40", "36"]
    codes = dfr("votes", "codes", "--study", home).stdout.split("\n")[:-1]
    assert len(codes) == 36  # clickers came to the end too

    assert dfr("votes", "close", "--study", home).returncode == 0
    with pytest.raises(Refused):
        come(opened, 41)
    out = tmp_path / "out"
    assert dfr("votes", "export", out, "--study", home).returncode == 0
    answers = pd.read_csv(out / "answers.csv")
    assert answers["participant"].nunique() == 40
    assert answers.groupby("participant")["excluded"].first().sum() == len(CLICKERS)
    assert len(pd.read_csv(out / "demographics.csv")) == 20

    ranked = dfr("votes", "rank", "--study", home, "--draws", 50)
    assert ranked.returncode == 0, ranked.stderr
    told = " ".join(ranked.stdout.split())
    assert f"SHA-256 {digest}" in told
    assert "As planned, 6 people were left out by the rule" in told
    assert "votes of 4 people count who stopped in the middle" in told
    assert "Departures from the plan: none." in told
    ours = pd.read_csv(home / "votes" / "votes_overall_strengths.csv").set_index("method")
    assert ours.index.tolist() == list(STRENGTHS)  # what these voters prefer, in this order
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed; all before it was checked")
    subprocess.run(["Rscript", "--vanilla", "main_table.R"], cwd=out, check=True, timeout=300)
    theirs = pd.read_csv(out / "main_table.csv").set_index("method").loc[ours.index]
    for column in ("votes", "rank", "strength", "low", "high"):
        assert theirs[column].to_numpy() == pytest.approx(ours[column].to_numpy(), abs=1e-6)
