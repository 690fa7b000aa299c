"""A study's plan as a document, for an ethics board and for whoever doubts the result later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dfr.core.version import VERSION
from studies.design.plan import PlanReport
from studies.design.study import Study

_BODY = """\
## Hypotheses

{hypotheses}

## Design

{headline}

Compared: {methods}. {shown} Questions, asked one after another about what is shown:

{questions}

{door}

## Who is left out

Each participant answers {catches} trials with a right answer, at places that cannot be told from
others. Who fails {drop_at} or more of them is left out of the analysis, and the place is filled
again. Nobody else is left out: votes of people who stop in the middle count, unless they delete
them.

## When it ends

The study is closed when its {participants} places are filled, or when no more people can be found,
which the report then says.{precision} The ranking is not looked at before; every look is logged.

## Analysis

Counted votes only: no practice, no repeats, no trials with a right answer. {analysis}

{tables}

## Settings

SHA-256 of the lines between the marks: {digest}

```json
{settings}
```
"""
_PRECISION = (
    " It may be closed sooner, as soon as no 95 % interval of a method's strength is wider than "
    "{:g}, on any question. How wide they are is told without the ranking."
)
_SHOWN = {
    "pairs": "Two outputs of one photograph in one style are shown side by side; who looks does "
    "not learn which method made them. {answers} {meet}",
    "rating": "One output of a photograph in a style is shown at a time; who looks does not learn "
    "which method made it. They give it a mark from 1 (not at all) to {scale} (completely). Every "
    "method is rated equally often to within one rating, by each participant too.",
    "best": "{pictures} outputs of one photograph in one style are shown at a time, each of "
    "another method; who looks does not learn which. They choose one. {together}",
    "ranking": "{pictures} outputs of one photograph in one style are shown at a time, each of "
    "another method; who looks does not learn which. They put all of them in order. {together}",
}
_TOGETHER = (
    "Every two methods meet about equally often, and each method stands in every place about "
    "equally often; how evenly, the table of the design tells."
)
_MEET = (
    "Every two methods meet equally often to within one vote, each as often on the left as on the "
    "right."
)
_ADAPTIVE = (
    "Pairs are adaptive. Of each participant's counted trials, {share:.0%} show two methods that "
    "were drawn before the study; in the others the two are chosen when the trial is about to be "
    "shown: those of which one more vote is expected to lower the summed variance of the strengths "
    "most (Bayesian A-optimality, Laplace's approximation), after all answers so far of people who "
    "have not failed the rule below, on all questions. Contents, styles and their order are fixed "
    "before the study, and each of two methods is on the left as often as on the right."
)
_ANALYSIS = {
    "pairs": "Strengths of the methods after {model}. Intervals of 95 % take people, contents and "
    "styles as drawn at random. Every two methods are compared by {share} of decisive votes; "
    "they are told apart if the interval for all pairs at once (Bonferroni) excludes one half. "
    "Also reported: side bias, agreement (Krippendorff's alpha), self-consistency, transitivity, "
    "doubtful participants, and the ranking had nobody been left out.",
    "rating": "Strengths of the methods after the cumulative link model with proportional odds "
    "(McCullagh, 1980). Intervals of 95 % take people, contents and styles as drawn at random. "
    "Every two methods are compared by the difference of their strengths; they are told apart if "
    "the interval for all pairs at once (Bonferroni) excludes zero. Also reported: mean marks, "
    "agreement (Krippendorff's alpha), self-consistency, doubtful participants, and the ranking "
    "had nobody been left out.",
    "best": "Strengths of the methods after the model of Luce (1959), a multinomial logit of which "
    "picture is chosen. {several}",
    "ranking": "Strengths of the methods after the model of Plackett (1975) and Luce (1959). "
    "{several} The mean place of each method is reported too.",
}
_SEVERAL = (
    "Intervals of 95 % take people, contents and styles as drawn at random. Every two methods are "
    "compared by the difference of their strengths; they are told apart if the interval for all "
    "pairs at once (Bonferroni) excludes zero. Also reported: how often each method was the best, "
    "by its place on the page too, agreement (Krippendorff's alpha), self-consistency, doubtful "
    "participants, and the ranking had nobody been left out."
)
_DOORS = {
    "platform": "A recruitment platform sends the participants; each of its ids takes part once.",
    "invitation": "Participants are invited one by one; each invitation is for one person.",
    "open": "Anybody may take part, once per browser.",
}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return a study's settings as they stand in the document."""
    return json.dumps(settings, sort_keys=True, ensure_ascii=False, indent=1)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text, as `sha256sum` tells it of the file."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def plan_body(study: Study, settings: Mapping[str, Any], plan: PlanReport) -> str:
    """Return what the document says of the plan: all of it but its first lines.

    Args:
        study: its settings.
        settings: the same as they are kept, see `studies.ballots.opening.settings_of`.
        plan: power and balance of the study.
    """
    text = settings_text(settings)
    named = [f"{number}. {line}" for number, line in enumerate(study.hypotheses, 1)]
    return _BODY.format(
        hypotheses="\n".join(named)
        or "None was named, so the study is exploratory: it ranks the methods, and every "
        "difference that it finds is one to be confirmed.",
        headline=plan.headline,
        methods=", ".join(f"{title} (`{label}`)" for label, title in settings["methods"].items()),
        shown=_SHOWN[study.task].format(
            answers="They choose one of the two or say that they can't."
            if study.cannot_say
            else 'They choose one of the two; "can\'t say" is not offered.',
            meet=_ADAPTIVE.format(share=study.random_share) if study.adaptive else _MEET,
            scale=study.scale,
            pictures=study.pictures,
            together=_TOGETHER,
        ),
        analysis=_ANALYSIS[study.task].format(
            model="Bradley and Terry with ties after Davidson (1970)"
            if study.cannot_say
            else "Bradley and Terry (1952)",
            share="the share, by the difference of their strengths,"
            if study.adaptive
            else "their share",
            several=_SEVERAL,
        ),
        questions="\n".join(f"- {study.ask(name)}" for name in study.questions),
        door=_DOORS[study.door],
        catches=study.catches,
        drop_at=study.drop_at,
        participants=study.participants,
        precision=_PRECISION.format(study.precision) if study.precision else "",
        tables="\n\n".join(
            f"{title or 'Efficiency'}:\n\n{_markdown(table)}" for title, table in plan.tables
        ),
        digest=text_hash(text),
        settings=text,
    )


def plan_head(
    name: str, made_at: str, joined: int, replaced: Sequence[str], simulated: bool
) -> str:
    """Return the first lines of the document.

    Args:
        name: of the study.
        made_at: when it is written, UTC.
        joined: people who have a place already; none of them has answered anything.
        replaced: hashes of the plans before, the oldest first.
        simulated: the voters are programs.
    """
    lines = [
        f"# Preregistration of the study '{name}'",
        f"Written on {made_at} (UTC) by dfr-suite {VERSION}, before the first answer: {joined} "
        "people had a place, and none had answered anything.",
        "The SHA-256 of this file (`sha256sum FILE`) is in the study's log and in its report.",
    ]
    if simulated:
        lines.append("**The voters of this study are programs, not people.**")
    if replaced:
        lines.append(
            "This plan takes the place of an earlier one, also written before the first answer: "
            + ", ".join(replaced)
        )
    return "\n\n".join(lines) + "\n\n"


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
