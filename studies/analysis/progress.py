"""What can be told of a study while it runs without telling what people think of the methods.

How people answer, how long they take, and how even the votes are so far: nothing here depends on
which method was preferred, and no table names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from studies.analysis.choices import by_picture
from studies.analysis.exclusion import ENOUGH, FAST, SAME, attention, catch_failures
from studies.ballots.poll import Poll
from studies.design.trial import SEVERAL

PEOPLE_COLUMNS = [
    "participant", "place", "answers", "finished", "catch trials failed", "left out",
    "median seconds", "minutes", "doubtful",
]  # fmt: skip


def people_so_far(poll: Poll) -> pd.DataFrame:
    """Return one row per participant.

    Returns:
        ``participant``; ``place``, from 1; ``answers``; whether they ``finished``; catch trials
        failed, as "1 of 9"; whether they are ``left out`` by the rule; ``median seconds`` of an
        answer and the ``minutes`` from joining to the last one, by the clocks of `timed_answers`;
        and ``doubtful``, see `studies.analysis.exclusion.attention`, of all questions.
    """
    failures = catch_failures(poll.votes, poll.drop_at)
    tested = failures.set_index("participant")
    doubts = _doubts(poll, failures)
    answers = poll.votes.groupby("participant").size()
    last = poll.votes.groupby("participant")["voted_at"].max()
    seconds = timed_answers(poll).groupby("participant")["seconds"].median()
    rows = []
    people = poll.participants
    for name, slot, finished, joined in zip(
        people["participant"], people["slot"], people["finished"], people["joined_at"], strict=True
    ):
        failed = (
            f"{tested['failed'][name]} of {tested['catches'][name]}" if name in tested.index else ""
        )
        rows.append(
            {
                "participant": name,
                "place": int(slot) + 1,
                "answers": int(answers.get(name, 0)),
                "finished": bool(finished),
                "catch trials failed": failed,
                "left out": bool(tested["dropped"].get(name, False)),
                "median seconds": float(seconds.get(name, np.nan)),
                "minutes": _minutes(joined, last.get(name)),
                "doubtful": ", ".join(doubts.get(name, ())),
            }
        )
    return pd.DataFrame(rows, columns=PEOPLE_COLUMNS)


def exclusions(poll: Poll) -> pd.DataFrame:
    """Return what each rule found: ``rule``, ``people``, ``counted answers``, ``what follows``."""
    failures = catch_failures(poll.votes, poll.drop_at)
    doubts = _doubts(poll, failures)
    left_out = set(failures.loc[failures["dropped"], "participant"])
    counted = poll.votes[poll.votes["kind"] == "vote"]
    stopped = set(poll.participants.loc[~poll.participants["finished"], "participant"])
    catches = int(poll.settings.get("catches", 0))
    told = "nothing: they count, and the report tells of them"
    rules = {
        f"fails {poll.drop_at} or more of {catches} catch trials": (
            left_out,
            "left out of the ranking; the place is filled again",
        ),
        f"half of the answers within {FAST:g} s": (
            {name for name, found in doubts.items() if "fast" in found},
            told,
        ),
        f"the same answer in {SAME:.0%} of {ENOUGH} or more": (
            {name for name, found in doubts.items() if "same answer" in found},
            told,
        ),
        "not finished, at it or gone": (
            stopped - left_out,
            "their answers count; the place is filled again after half an hour",
        ),
    }
    return pd.DataFrame(
        [
            {
                "rule": rule,
                "people": len(who),
                "counted answers": int(counted["participant"].isin(who).sum()),
                "what follows": follows,
            }
            for rule, (who, follows) in rules.items()
        ]
    )


def timed_answers(poll: Poll) -> pd.DataFrame:
    """Return the answers whose time can be told: the browser's, without a reload before."""
    votes = poll.votes
    again = votes["reloaded"].eq(True).fillna(False).astype(bool)
    return votes[(votes["timed_by"] == "browser") & ~again]


def times(poll: Poll) -> pd.DataFrame:
    """Return how long an answer takes: ``of``, ``answers``, ``median``, and the middle half."""
    timed = timed_answers(poll)
    kinds = {
        "practice": "practice",
        "vote": "counted trials",
        "repeat": "repeats",
        "catch": "catch trials",
    }
    rows = []
    for kind, name in kinds.items():
        seconds = timed.loc[timed["kind"] == kind, "seconds"].astype(float)
        if len(seconds):
            low, middle, high = np.quantile(seconds, [0.25, 0.5, 0.75])
            rows.append(
                {
                    "seconds of": name,
                    "answers": len(seconds),
                    "median": middle,
                    "a quarter is below": low,
                    "a quarter is above": high,
                }
            )
    return pd.DataFrame(rows)


def pace(poll: Poll) -> pd.DataFrame:
    """Return the median seconds of an answer by ``screen``, from 1: people tire, or hurry."""
    timed = timed_answers(poll)
    middle = timed.groupby("position")["seconds"].median()
    return pd.DataFrame({"screen": middle.index + 1, "median seconds": middle.to_numpy()})


def balance_so_far(poll: Poll) -> pd.DataFrame:
    """Return how even the counted votes are: ``votes of``, the ``fewest`` and the ``most``.

    Where people or programs choose what is shown next, how often two methods met would tell which
    are alike, so none is named.
    """
    counted = poll.votes[poll.votes["kind"] == "vote"]
    labels = list(poll.settings["methods"])
    left, right = counted["left_method"], counted["right_method"]
    sides = [left, right]
    if poll.task in SEVERAL:
        sides = [by_picture(counted)["method"]]
    shown = pd.concat(sides).value_counts()
    rows = [("one method", shown.reindex(labels, fill_value=0))]
    if poll.task == "pairs":
        met = pd.Series([" ".join(sorted(two)) for two in zip(left, right, strict=True)], dtype=str)
        pairs = [" ".join(sorted((a, b))) for i, a in enumerate(labels) for b in labels[i + 1 :]]
        rows.append(("two methods", met.value_counts().reindex(pairs, fill_value=0)))
    for column in ("content", "style"):
        known = sorted(poll.trials.loc[poll.trials["kind"] == "vote", column].unique())
        rows.append((f"one {column}", counted[column].value_counts().reindex(known, fill_value=0)))
    found = pd.DataFrame(
        [
            {"votes of": name, "fewest": int(number.min()), "most": int(number.max())}
            for name, number in rows
            if len(number)
        ]
    )
    if poll.task == "pairs" and len(counted):
        share = (left.value_counts() / shown).reindex(labels).dropna()
        extra = {"votes of": "share of a method's that were on the left, %",
                 "fewest": round(100 * share.min()), "most": round(100 * share.max())}  # fmt: skip
        found = pd.concat([found, pd.DataFrame([extra])], ignore_index=True)
    return found


def _doubts(poll: Poll, failures: pd.DataFrame) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, asked in poll.votes.groupby("question"):
        for row in attention(asked, failures).itertuples():
            for doubt in filter(None, str(row.doubtful).split(", ")):
                doubts = found.setdefault(str(row.participant), [])
                if doubt not in doubts:
                    doubts.append(doubt)
    return found


def _minutes(joined: str, last: Any) -> float:
    if not isinstance(last, str):
        return float("nan")
    spent = datetime.fromisoformat(last) - datetime.fromisoformat(joined)
    return spent.total_seconds() / 60
