"""A plan is written before the first answer, and a report says where the study departed from it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

from studies.analysis.departures import departures, preregistered
from studies.ballots.administration import close_study, invite
from studies.ballots.ballots import Ballots
from studies.ballots.events import log_event
from studies.ballots.export import FORMATS, read_export, write_export
from studies.ballots.importing import import_poll
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll, read_poll
from studies.ballots.seats import Step
from tests.conftest import complaint
from tests.studies.folders import let_answer, open_folder

FILE = """
name = "s"
methods = ["dfr", "gatys"]
participants = 3
trials = 2
practice = 0
repeats = 0
catches = 2
judges = 1
drop_at = 1
hypotheses = ["DFR wins more than half of the votes.", "Ties are rare."]
"""


def change(home: Path, before: str, after: str) -> None:
    file = home / "study.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def answer(study: OpenStudy, steps: int | None = None, wrong: bool = False) -> None:
    """Let one person join and answer, all or so many; right or wrong in the catch trials."""

    def given(step: Step) -> str:
        return "tie" if wrong and step.trial.expected else step.trial.expected or "left"

    let_answer(study, given, steps)


def poll(study: OpenStudy) -> Poll:
    return read_poll(study.ballots, "s")


def test_a_plan_is_kept_with_its_hash_and_stays_when_another_follows(dfr, home: Path):
    done = dfr("votes", "preregister", "--study", home)
    assert done.returncode == 0, done.stderr
    first = home / "preregistration.md"
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    assert f"SHA-256 {digest}" in done.stdout
    text = first.read_text()
    for told in ("1. DFR wins more than half", "2. Ties are rare.", "0 people had a place",
                 "3 participants × 2 trials = 6 votes", "every two methods, told apart",
                 "fails 1 or more", "(`gatys`)", "efficiency of the design"):  # fmt: skip
        assert told in text, told
    settings = re.search(r"```json\n(.*)\n```", text, re.DOTALL)[1]
    assert hashlib.sha256(settings.encode()).hexdigest() in text

    again = dfr("votes", "preregister", "--study", home)
    assert "was written before" in again.stdout
    assert digest in again.stdout
    change(home, "trials = 2", "trials = 3")
    assert dfr("votes", "preregister", "--study", home).returncode == 0
    second = home / "preregistration-2.md"
    assert digest in second.read_text()
    assert hashlib.sha256(first.read_bytes()).hexdigest() == digest
    other = hashlib.sha256(second.read_bytes()).hexdigest()
    log = dfr("votes", "log", "--study", home).stdout
    assert [line.split("  ")[1:] for line in log.splitlines()] == [
        ["preregistered", digest], ["settings", "changed, nobody had joined"],
        ["preregistered", other],
    ]  # fmt: skip

    answer(open_folder(home), 1)
    change(home, "Ties are rare", "Ties are frequent")
    assert "was begun with other settings" in complaint(
        dfr("votes", "preregister", "--study", home)
    )
    change(home, "Ties are frequent", "Ties are rare")
    change(home, 'name = "s"', 'name = "s"\ntitle = "Which?"')
    refused = complaint(dfr("votes", "preregister", "--study", home))
    assert "has 1 answers already" in refused
    assert "stands" in refused
    assert not (home / "preregistration-3.md").exists()


def test_invitations_outlive_a_change_of_the_plan(home: Path):
    study = open_folder(home)
    invite(study.ballots, study.key, ["secret"])
    change(home, "trials = 2", "trials = 3")
    later = open_folder(home)
    assert later.key != study.key
    assert later.ballots.is_invited(later.key, "secret")


def test_a_study_that_went_as_planned_departed_nowhere(dfr, home: Path):
    dfr("votes", "preregister", "--study", home)
    study = open_folder(home)
    for _ in range(3):
        answer(study)
    close_study(study.ballots, study.key)
    log_event(study.ballots, study.key, "ranking", "")
    log_event(study.ballots, study.key, "exported", "12 votes")
    assert departures(poll(study)) == ()
    digest = hashlib.sha256((home / "preregistration.md").read_bytes()).hexdigest()
    told = preregistered(poll(study))
    assert f"SHA-256 {digest}" in told
    assert "As planned, 0 people were left out" in told
    assert told.endswith("Departures from the plan: none.")


def test_a_study_may_end_sooner_where_its_plan_names_a_precision(dfr, home: Path):
    change(home, 'name = "s"', 'name = "s"\nprecision = 30')
    dfr("votes", "preregister", "--study", home)
    plan = " ".join((home / "preregistration.md").read_text().split())
    assert "no 95 % interval of a method's strength is wider than 30, on any question" in plan
    study = open_folder(home)
    answer(study)
    early = departures(poll(study))
    assert any("2 fewer than planned" in told for told in early)
    change(home, "participants = 3", "participants = 4")
    study = open_folder(home)
    for _ in range(2):
        answer(study)
    assert not any("fewer" in told for told in departures(poll(study)))


def test_every_departure_is_told(dfr, home: Path):
    dfr("votes", "preregister", "--study", home)
    study = open_folder(home)
    answer(study, wrong=True)  # left out; the place is filled again
    answer(study)
    answer(study, steps=2)
    change(home, "participants = 3", "participants = 4")
    change(home, 'name = "s"', 'name = "s"\ntitle = "Which?"')
    study = open_folder(home)
    log_event(study.ballots, study.key, "ranking", "before the study was closed, shown")
    log_event(study.ballots, study.key, "exported", "9 votes")
    close_study(study.ballots, study.key)
    close_study(study.ballots, study.key, closed=False)
    log_event(study.ballots, study.key, "exported", "9 votes")
    close_study(study.ballots, study.key)
    assert departures(poll(study)) == (
        "participants was changed from 3 to 4",
        'title was changed from "Which picture is better?" to "Which?"',
        "4 places instead of 3",
        "1 people finished and are in the ranking, 2 fewer than planned",
        "the ranking was looked at before the study was closed, 1 time",
        "the answers were exported before the study was closed, 2 times",
        "the study was opened again after it was closed, 1 time",
    )
    told = preregistered(poll(study))
    assert "As planned, 1 people were left out by the rule, and" in told
    assert "votes of 1 people count who stopped" in told
    assert "changed participants, title" in set(poll(study).events["detail"])


def test_a_plan_that_is_not_what_it_claims_is_told(dfr, home: Path):
    assert preregistered(poll(open_folder(home))) == "The study was not preregistered."
    dfr("votes", "preregister", "--study", home)
    study = open_folder(home)
    answer(study)
    sound = poll(study)
    plans = sound.preregistrations
    forged = plans.assign(document=plans["document"].str.replace("more than half", "none"))
    late = plans.assign(made_at="2999-01-01")
    for plan, told in ((forged, "is not the one that was hashed"), (late, "older than the plan")):
        assert told in departures(dataclasses.replace(sound, preregistrations=plan))[0]


def test_a_plan_travels_with_an_export(dfr, home: Path, tmp_path: Path):
    dfr("votes", "preregister", "--study", home)
    study = open_folder(home)
    answer(study)
    for kind in FORMATS:
        out = tmp_path / kind
        write_export(poll(study), out, kind)
        assert (out / "preregistration.md").read_bytes() == (
            home / "preregistration.md"
        ).read_bytes()
        other = Ballots(f"sqlite:///{tmp_path / kind}.sqlite")
        for _ in range(2):
            import_poll(other, read_export(out))
        assert preregistered(read_poll(other, "s")) == preregistered(poll(study))
