"""The folder of a study over a run, as `dfr votes new` makes it, and people who answer there."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from studies.ballots.administration import close_study
from studies.ballots.opening import OpenStudy, new_study, open_study
from studies.ballots.seats import Step
from studies.design.study import read_study
from tests.conftest import Run

#: What somebody answers to a step.
Answerer = Callable[[Step], str]


def study_folder(folder: Path, run: Path, text: str) -> Path:
    """Make the folder of a study, which nobody opened yet.

    Args:
        folder: does not exist yet.
        run: whose pictures are shown.
        text: the study file but for `run`; names the methods.
    """
    new_study(folder, run, tomllib.loads(text)["methods"], "platform")
    (folder / "study.toml").write_text(f"run = {json.dumps(str(run))}\n{text}")
    return folder


def preregister(dfr: Run, home: Path) -> str:
    """Write the plan of the study of a folder, by the command, and return its text."""
    done = dfr("votes", "preregister", "--study", home)
    assert done.returncode == 0, done.stderr
    return (home / "preregistration.md").read_text()


def open_folder(home: Path) -> OpenStudy:
    """Open the study of a folder."""
    return open_study(read_study(home / "study.toml"), home)


def let_answer(opened: OpenStudy, answer: Answerer, most: int | None = None) -> None:
    """Let one person join, and answer everything, or that many steps at the most."""
    secret = opened.ballots.join(opened.key)
    seat = opened.ballots.seat(opened.key, secret)
    while (step := seat.step) is not None and seat.done != most:
        _, seat = opened.ballots.cast(opened.key, secret, step.number, answer(step), 1.5)


def answer_and_close(home: Path, people: Iterable[Answerer]) -> Path:
    """Let people answer everything, one after the other, and close the study of that folder."""
    opened = open_folder(home)
    for answer in people:
        let_answer(opened, answer)
    close_study(opened.ballots, opened.key)
    opened.ballots.close()
    return home
