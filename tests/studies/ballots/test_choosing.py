"""Adaptive pairs in the ballots, on SQLite and on PostgreSQL: chosen once, kept, and balanced."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from dfr.core.errors import UserError
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.choosing import _answered
from studies.ballots.export import read_export, write_export
from studies.ballots.importing import import_poll
from studies.ballots.poll import read_poll
from studies.ballots.seats import Refused
from studies.ballots.watched import Watched
from studies.design.balance import balance, unit_of
from studies.design.design import make_design
from studies.design.trial import Trial, turned
from tests.at_once import at_once
from tests.studies.databases import one_database
from tests.studies.design.design_cases import PUBLISHED, stimuli

MATERIAL = stimuli(4, 3, 4, {0: 2})
PLANNED = {
    **PUBLISHED, "participants": 3, "trials": 8, "practice": 1, "repeats": 1, "catches": 2,
}  # fmt: skip
SHARE = 0.25
DESIGN = make_design(MATERIAL, **PLANNED, random_share=SHARE)
SETTINGS = {
    "questions": ["overall"], "methods": {label: label for label in MATERIAL.methods},
    "drop_at": 2, "seed": 3,
}  # fmt: skip


def opened(url: str) -> Ballots:
    made = Ballots(url)
    made.offer(begin_study(made, "s", "d", SETTINGS, lambda: DESIGN), MATERIAL)
    return made


@pytest.fixture
def ballots(url: str):
    made = opened(url)
    yield made
    made.close()


def prefers(trial: Trial, random: np.random.Generator, blind: bool = False) -> str:
    """Prefer methods of a low number, mostly."""
    if trial.expected:
        wrong = "right" if trial.expected == "left" else "left"
        return wrong if blind else trial.expected
    ahead = int(trial.right.method[1:]) - int(trial.left.method[1:])
    return "left" if random.random() < 1 / (1 + np.exp(-1.5 * ahead)) else "right"


def answer_all(ballots: Ballots, seed: int, blind: bool = False) -> list[Trial]:
    """Let a newcomer answer everything, and return what they were shown."""
    link, random, shown = ballots.join(1), np.random.default_rng(seed), []
    seat = ballots.seat(1, link)
    while (step := seat.step) is not None:
        shown.append(step.trial)
        answer = prefers(step.trial, random, blind)
        seat = ballots.cast(1, link, step.number, answer, 1.0)[1]
    return shown


def test_a_study_stays_balanced_and_keeps_its_floor(ballots: Ballots):
    shown = [answer_all(ballots, seed) for seed in range(PLANNED["participants"])]
    for planned, mine in zip(DESIGN, shown, strict=True):
        assert "open" not in {trial.pair for trial in mine}
        votes = [trial for trial in mine if trial.kind == "vote"]
        assert Counter(trial.pair for trial in votes) == {"planned": 2, "adaptive": 6}
        assert len({unit_of(trial) for trial in votes}) == len(votes)
        for before, now in zip(planned, mine, strict=True):
            # Pictures, order and attention checks are those of the plan, and so is the floor.
            assert (before.kind, before.content, before.style) == (now.kind, now.content, now.style)
            assert before == now if before.pair == "planned" else before != now
            if now.repeats is not None:
                original = mine[now.repeats]
                assert (now.left, now.right) == (original.right, original.left)
                assert now.pair == original.pair
    counts = balance(shown)
    assert counts.meetings["votes"].sum() == 24
    # Sides: the planned share of two methods may be uneven by what was drawn, the chosen ones
    # make it up.
    sides = (2 * counts.meetings["left"] - 1) * counts.meetings["votes"]
    assert sides.abs().max() == pytest.approx(1)
    modes = Counter(
        side.mode for row in shown for trial in row if trial.kind == "vote"
        for side in (trial.left, trial.right) if side.method == "m0"
    )  # fmt: skip
    assert abs(modes["k0"] - modes["k1"]) <= 2
    answers = read_poll(ballots, "s").votes.query("kind == 'vote'")
    assert Counter(answers["pair"]) == {"adaptive": 18, "planned": 6}
    # Of methods in a row, neighbours tell more than the first and the last.
    met = {(row.a, row.b): row.votes for row in counts.meetings.itertuples()}
    assert np.mean([met[f"m{k}", f"m{k + 1}"] for k in range(3)]) > met["m0", "m3"]


def test_a_page_loaded_again_and_another_process_show_the_same(url: str, ballots: Ballots):
    link = ballots.join(1)
    other, watched = opened(url), Watched(ballots, 1)
    waiting = sum(trial.pair == "open" for trials in DESIGN for trial in trials)
    assert watched.look()[1].trials["pair"].eq("open").sum() == waiting
    for _ in range(6):
        seat = ballots.seat(1, link)
        again, there = ballots.seat(1, link), other.seat(1, link)
        assert seat == again == there
        following = seat.steps[seat.done + 1].trial
        assert "open" not in {seat.step.trial.pair, following.pair}
        after = ballots.cast(1, link, seat.done, "left", 1.0)[1]
        assert after.step.trial == following  # its pictures were sent ahead
    assert watched.look()[1].trials.equals(read_poll(ballots, "s").trials)
    other.close()


def test_processes_that_ask_at_once_agree(url: str, ballots: Ballots):
    """One person in six tabs, each of a process of its own, and three people at once."""
    link = ballots.join(1)
    for number in range(PLANNED["practice"]):
        ballots.cast(1, link, number, "left", 1.0)
    tabs = [opened(url) for _ in range(6)]
    links = [link] * 6 + [ballots.join(1) for _ in range(2)]
    seats = at_once([partial(tabs[number % 6].seat, 1, link) for number, link in enumerate(links)])
    first = ballots.seat(1, link)
    assert all(seats[number].step == first.step for number in range(6))
    trials = read_poll(ballots, "s").trials
    chosen = trials[(trials["kind"] == "vote") & (trials["pair"] != "open")]
    sides = Counter(zip(chosen["left_method"], chosen["right_method"], strict=True))
    floor = [trial for row in DESIGN for trial in row if trial.kind == "vote"]
    planned = Counter(
        (trial.left.method, trial.right.method) for trial in floor if trial.pair == "planned"
    )
    for a, b in {tuple(sorted(two)) for two in sides}:
        uneven = abs(planned[a, b] - planned[b, a])
        assert abs(sides[a, b] - sides[b, a]) <= max(1, uneven)
    for tab in tabs:
        tab.close()


@one_database
def test_what_was_not_shown_yet_takes_no_answer(ballots: Ballots):
    link = ballots.join(1)
    number = next(at for at, trial in enumerate(DESIGN[0]) if trial.pair == "open")
    with pytest.raises(Refused, match="was not shown yet"):
        ballots.cast(1, link, number, "left", 1.0)


@one_database
def test_who_failed_the_attention_rule_does_not_count(ballots: Ballots):
    answer_all(ballots, 0)
    kept = answer_all(ballots, 1)
    answer_all(ballots, 2, blind=True)
    with ballots.reading() as connection:
        wins, ties = _answered(connection, 1, SETTINGS, MATERIAL.methods)
    votes = sum(trial.kind == "vote" for trial in kept)
    assert (wins.sum(), ties.sum()) == (2 * votes, 0)


@one_database
def test_a_study_that_was_exported_in_the_middle_comes_back(ballots: Ballots, tmp_path: Path):
    answer_all(ballots, 0)
    write_export(read_poll(ballots, "s"), tmp_path / "early")
    answer_all(ballots, 1)
    write_export(read_poll(ballots, "s"), tmp_path / "late")
    early, late = (read_export(tmp_path / name) for name in ("early", "late"))
    fresh = Ballots(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    assert import_poll(fresh, early)[0] == 1
    assert import_poll(fresh, late)[0] == 1
    assert read_poll(fresh, "s").votes.equals(read_poll(ballots, "s").votes)
    fresh.close()
    # Where others were shown other pairs at the same place, the two do not belong together.
    other = opened(f"sqlite:///{tmp_path / 'other.sqlite'}")
    link = other.join(1)
    for number in range(8):
        other.cast(1, link, number, "tie", 1.0)
    write_export(read_poll(other, "s"), tmp_path / "other")
    changed = read_export(tmp_path / "other")
    row = changed.trials.query("kind == 'vote' and pair == 'adaptive'").index[0]
    sides = ["left_method", "left_mode", "right_method", "right_mode"]
    changed.trials.loc[row, sides] = changed.trials.loc[row, sides[2:] + sides[:2]].to_numpy()
    with pytest.raises(UserError, match="other pairs"):
        import_poll(other, changed)
    other.close()


def test_a_repeat_is_its_vote_with_the_sides_changed():
    for trials in DESIGN:
        for trial in trials:
            if trial.kind == "repeat":
                original = trials[trial.repeats]
                assert turned(original).left == trial.left
                assert trial.pair == original.pair
