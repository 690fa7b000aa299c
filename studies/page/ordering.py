"""Results that are put in order: dragged in the browser, and their order in the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Step
from studies.design.trial import LETTERS

#: In the session: the order that the browser tells.
_ORDERING = "ordering"

_ordering = st.components.v2.component(
    _ORDERING,
    html='<div role="status"></div>',
    js=(Path(__file__).parent / "ordering.js").read_text(encoding="utf-8"),
)


def place_ordering(opened: OpenStudy, step: Step) -> None:
    """Let the results be dragged, and put their order into the form of the answers."""
    say, letters = opened.study.say, LETTERS[: len(step.trial.sides)]
    _ordering(
        key=_ORDERING,
        data={
            "step": step.number,
            "letters": list(letters),
            "pictures": [say("picture", letter=letter) for letter in letters],
            "question": opened.study.ask(step.question),
            "place": say("order_place", picture="{picture}", number="{number}", of="{of}"),
            "hint": say("order_hint"),
            "picked": say("order_picked", picture="{picture}"),
        },
    )


def told_order(step: int, answers: Sequence[str]) -> str | None:
    """Return the order in which somebody left the results of a step; None if nothing is told."""
    state = st.session_state.get(_ORDERING)
    return judge_order(state.get("order") if isinstance(state, Mapping) else None, step, answers)


def judge_order(claim: Any, step: int, answers: Sequence[str]) -> str | None:
    """Return the order that a browser tells, where it is one.

    Args:
        claim: whatever the browser sent.
        step: that was answered; a claim about another one is an old one.
        answers: the orders there are.
    """
    told = claim if isinstance(claim, Mapping) and claim.get("step") == step else {}
    order = told.get("order")
    return order if isinstance(order, str) and order in answers else None
