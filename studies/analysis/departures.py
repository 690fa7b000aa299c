"""Where a study departed from its plan: what a report has to say beside its ranking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from studies.analysis.exclusion import catch_failures, without_dropped
from studies.analysis.precision import reached
from studies.ballots.changes import changed_names
from studies.ballots.poll import Poll
from studies.design.preregistration import text_hash

#: A value that is longer is not told, only that it changed.
_LONGEST = 60


def departures(poll: Poll) -> tuple[str, ...]:
    """Return where a study departed from the plan that stands, one phrase each.

    Args:
        poll: the ballots of a study that has a plan.
    """
    plan = poll.preregistrations.iloc[-1]
    planned: Mapping[str, Any] = json.loads(plan["settings"])
    found = []
    if text_hash(plan["document"]) != plan["sha256"]:
        found.append("the document is not the one that was hashed")
    if len(poll.votes) and poll.votes["voted_at"].min() < plan["made_at"]:
        found.append("the first answer is older than the plan")
    found += [_changed(name, planned, poll.settings)
              for name in changed_names(planned, poll.settings)]  # fmt: skip
    places, wanted = poll.trials["slot"].nunique(), int(planned["participants"])
    if places != wanted:
        found.append(f"{places} places instead of {wanted}")
    kept = complete(poll)
    if kept > wanted or (kept < wanted and not reached(poll)):
        how = "fewer" if kept < wanted else "more"
        found.append(
            f"{kept} people finished and are in the ranking, {abs(kept - wanted)} {how} than "
            "planned"
        )
    return (*found, *_looks(poll.events))


def complete(poll: Poll) -> int:
    """Return how many people finished and are not left out."""
    failures = catch_failures(poll.votes, poll.drop_at)
    return int(without_dropped(poll.participants, failures)["finished"].sum())


def preregistered(poll: Poll) -> str:
    """Return sentences about the plan of a study: which, and where the study departed from it."""
    if poll.preregistrations.empty:
        return "The study was not preregistered."
    plan = poll.preregistrations.iloc[-1]
    told = f"Preregistered on {plan['made_at'][:10]}, SHA-256 {plan['sha256']}."
    if len(poll.preregistrations) > 1:
        told += f" It is version {len(poll.preregistrations)}, and names those before."
    failures = catch_failures(poll.votes, poll.drop_at)
    kept = without_dropped(poll.participants, failures)
    stopped = kept.loc[~kept["finished"], "participant"]
    counted = poll.votes[poll.votes["kind"] == "vote"]
    told += (
        f" As planned, {int(failures['dropped'].sum())} people were left out by the rule, and "
        f"{int(counted['participant'].isin(stopped).sum())} votes of {len(stopped)} people count "
        "who stopped in the middle."
    )
    found = departures(poll)
    return f"{told} Departures from the plan: {'; '.join(found) or 'none'}."


def _changed(name: str, planned: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    before, after = (json.dumps(each.get(name), ensure_ascii=False) for each in (planned, now))
    if max(len(before), len(after)) > _LONGEST:
        return f"{name} was changed"
    return f"{name} was changed from {before} to {after}"


def _looks(events: pd.DataFrame) -> list[str]:
    """Return what was done that the plan did not foresee: looks before the end, openings again."""
    closed, looks, exports, opened = False, 0, 0, 0
    for what, detail in zip(events["what"], events["detail"], strict=True):
        if what == "closed":
            closed = True
        elif what == "opened again":
            closed, opened = False, opened + 1
        looks += what == "ranking" and bool(detail.startswith("before"))
        exports += what == "exported" and not closed
    return [
        f"{text} {number} time{'s' * (number > 1)}"
        for number, text in (
            (looks, "the ranking was looked at before the study was closed,"),
            (exports, "the answers were exported before the study was closed,"),
            (opened, "the study was opened again after it was closed,"),
        )
        if number
    ]
