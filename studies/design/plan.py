"""What a study of a given size can find, and how even its design would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from dfr.core.errors import UserError
from dfr.core.files import wrong_value
from studies.design.adaptive_power import people_needed
from studies.design.attention import LIMIT, Rule, shortest_rule
from studies.design.balance import balance, rating_balance, several_balance
from studies.design.design import make_design
from studies.design.material import Material, read_material
from studies.design.power import INDEPENDENT, Assumptions, power_table
from studies.design.precision import told_widths, width_table
from studies.design.rating_power import rating_power_table
from studies.design.several import check_methods, vote_worth
from studies.design.several_power import several_power_table, several_width
from studies.design.study import Study, read_study, study_file
from studies.design.trial import SEVERAL


@dataclass(frozen=True)
class PlanReport:
    """What `dfr votes plan` prints.

    Attributes:
        headline: one sentence.
        tables: title and table, in order.
    """

    headline: str
    tables: tuple[tuple[str, pd.DataFrame], ...]


def plan_study(
    file: Path | None,
    run: Path | None,
    methods: Sequence[str],
    asked: Mapping[str, int],
    *,
    assumed: Mapping[str, float],
    seed: int = 0,
    power: float = 0.8,
) -> PlanReport:
    """Tell the power of a study, and its balance where its pictures are known.

    Args:
        file: a study file or its folder; its numbers are taken where ``asked`` says nothing.
        run: the run, if it is not the file's.
        methods: how many (one number), or labels; if empty, those of the study or the run.
        asked: participants, trials, judges, where they are asked for.
        assumed: fields of `studies.design.power.Assumptions` that are told; contents and styles are
            those of the run, where they are not.
        seed: of the design, if no file gives it.
        power: the chance to find a preference.

    Raises:
        UserError: numbers that do not fit, or a run or a file that cannot be used.
    """
    file = study_file(file) if file is not None else None
    base = read_study(file) if file is not None else Study(name="plan", seed=seed)
    # So that a small plan may be asked for with nothing but its size.
    changed = {**base.model_dump(), **asked}
    if "judges" not in asked:
        changed["judges"] = min(base.judges, changed["participants"])
    changed["repeats"] = min(changed["repeats"], changed["trials"])
    try:
        study = Study.model_validate(changed)
    except ValidationError as error:
        raise wrong_value(file or Path("plan"), error) from error
    number = int(methods[0]) if len(methods) == 1 and methods[0].isdecimal() else None
    labels = study.methods if not methods else () if number is not None else tuple(methods)
    folder = run or study.run
    material = read_material(folder, labels) if folder is not None else None
    if number is None:
        number = len(material.stimuli.methods) if material else len(labels)
    if number < 2:
        raise UserError(
            "a plan needs the methods: give their number (--methods 4) or labels, or --run, or a "
            "study file that names them"
        )
    votes = study.participants * study.trials
    offered = study.cannot_say and study.task == "pairs"
    if assumed.get("ties") and not offered:
        why = {"pairs": "cannot_say = false", "rating": "ratings"}.get(study.task, study.task)
        raise UserError(f'{base.name}: offers no "can\'t say" ({why}), so leave out --ties')
    given = Assumptions.model_validate(
        {
            "judges": study.judges,
            **({} if offered else {"ties": 0}),
            **({
                "contents": len({content for content, _ in material.stimuli.pairs}),
                "styles": len({style for _, style in material.stimuli.pairs}),
            } if material else {}),
            **assumed,
        }
    )  # fmt: skip
    if study.task == "rating":
        return _plan_ratings(study, material, number, given, power)
    if study.task in SEVERAL:
        return _plan_several(study, material, number, given, power)
    headline = (
        f"{study.participants} participants × {study.trials} trials = {votes} votes on each of "
        f"{len(study.questions)} question{'s' * (len(study.questions) > 1)}, {number} methods, "
        f"{number * (number - 1) // 2} comparisons; {study.screens} screens per person. "
        f"{_told(given, study.cannot_say)}"
    )
    table = power_table(number, votes, study.participants, given, power=power)
    found_with = f"True preference that is found with {power:.0%} (5 %, two-sided)"
    if study.adaptive:
        found_with += ", if pairs were not adaptive"
    tables = [(found_with, _readable(table))]
    tables.append(width_table(number, votes, study.participants, given))
    if study.adaptive:
        tables.append(_adaptive(study, number, given.ties))
    tables.append(_attention(Rule(study.catches, study.drop_at, study.cannot_say)))
    if material is not None:
        if len(material.stimuli.methods) != number:
            raise UserError(
                f"{folder}: has {len(material.stimuli.methods)} methods to compare, not {number}; "
                "name them with --methods, with commas between"
            )
        found = balance(make_design(material.stimuli, **study.design_settings))
        summary = found.summary()
        if study.adaptive:
            planned = summary["what"].str.contains("per content|per style")
            tables.append(
                ("What of the design is fixed, over its counted trials", _even(summary[planned]))
            )
            return PlanReport(headline, tuple(tables))
        tables.append(("The design, over its counted trials", _even(summary)))
        told = f"{found.efficiency:.1%} of a balanced complete design"
        tables.append(("", pd.DataFrame([{"efficiency of the design": told}])))
    return PlanReport(headline, tuple(tables))


def _adaptive(study: Study, methods: int, ties: float) -> tuple[str, pd.DataFrame]:
    """Tell what adaptive pairs do to the number of people."""
    needed = people_needed(methods, study.participants, study.trials, study.random_share, ties)
    return (
        f"Adaptive pairs, {study.random_share:.0%} of them planned: people who make the strengths "
        f"as sure as {study.participants} would whose pairs are fixed; at best, were the strengths "
        "known and people and pictures alike",
        pd.DataFrame(
            {
                "log strengths": [
                    f"-{ends:g} to {ends:g}" if ends else "all equal" for ends in needed["ends"]
                ],
                "people": needed["people"],
            }
        ),
    )


def _plan_ratings(
    study: Study, material: Material | None, number: int, given: Assumptions, power: float
) -> PlanReport:
    """Tell what a study of ratings can find, and how even it is."""
    votes = study.participants * study.trials
    table = rating_power_table(number, votes, study.participants, study.scale, given, power=power)
    readable = pd.DataFrame(
        {
            "ratings on": table["plan"],
            "assumed": table["assumed"],
            "ratings of a method": table["votes"],
            "worth": table["worth"].map("{:.0f}".format),
            "level": table["level"].map("{:.4f}".format),
            "strength apart": [_apart(value) for value in table["difference"]],
            "rated higher": [_preference(share) for share in table["higher"]],
        }
    )
    tables = [
        (f"True difference that is found with {power:.0%} (5 %, two-sided)", readable),
        width_table(number, votes, study.participants, given, study.scale),
        _attention(Rule(study.catches, study.drop_at, scale=study.scale)),
    ]
    if material is not None:
        found = rating_balance(make_design(material.stimuli, **study.design_settings))
        tables.append(("The design, over its counted trials", _even(found)))
    return PlanReport(
        f"{study.participants} participants × {study.trials} trials = {votes} ratings from 1 to "
        f"{study.scale} on each of {len(study.questions)} "
        f"question{'s' * (len(study.questions) > 1)}, {number} methods; {study.screens} screens "
        f"per person. Assumed: {given.dropout:.0%} of the ratings lost (people who leave or are "
        f"left out), a correlation of {given.correlation:.2f} between one person's marks for one "
        "method, beyond how highly they rate everything, and strengths that deviate by "
        f"{given.pictures:.2g} between pictures, on {given.contents} contents and {given.styles} "
        "styles. Whoever always gives the lowest mark passes every trial with a right answer; the "
        "report tells who answers alike.",
        tuple(tables),
    )


def _plan_several(
    study: Study, material: Material | None, number: int, given: Assumptions, power: float
) -> PlanReport:
    """Tell what a study of choices or rankings can find, and how even it is."""
    check_methods(number, study.pictures)
    answers = study.participants * study.trials
    whole = study.task == "ranking"
    stages = study.pictures - 1 if whole else 1
    worth = vote_worth(study.pictures, stages)
    size = (answers, study.participants)
    table = several_power_table(number, *size, study.pictures, stages, given, power=power)
    readable = pd.DataFrame(
        {
            "answers on": table["plan"],
            "assumed": table["assumed"],
            "show a method": table["votes"],
            "worth": table["worth"].map("{:.0f}".format),
            "level": table["level"].map("{:.4f}".format),
            "strength apart": [_apart(value) for value in table["difference"]],
            "preference found": [_preference(value) for value in table["preference"]],
        }
    )
    widths = {
        assumed: several_width(*size, number, study.pictures, stages, what)
        for assumed, what in (("as assumed", given), ("independent answers", INDEPENDENT))
    }
    tables = [
        (f"True preference that is found with {power:.0%} (5 %, two-sided)", readable),
        told_widths(widths),
        _attention(Rule(study.catches, study.drop_at, pictures=study.pictures)),
    ]
    if material is not None:
        found = several_balance(make_design(material.stimuli, **study.design_settings))
        tables.append(("The design, over its counted trials", _even(found)))
    told = "rankings" if whole else "choices of the best"
    return PlanReport(
        f"{study.participants} participants × {study.trials} trials = {answers} {told} of "
        f"{study.pictures} pictures on each of {len(study.questions)} "
        f"question{'s' * (len(study.questions) > 1)}, {number} methods; {study.screens} screens "
        f"per person. One answer has the information of {worth:.2f} votes on two pictures, where "
        "all are equally good. What tells two methods apart is the difference of their strengths, "
        "for which their answers beside other methods count too; the table gives it also as a "
        f"preference, were only the two shown. {_told(given, False, 'answers')}",
        tuple(tables),
    )


def _attention(rule: Rule) -> tuple[str, pd.DataFrame]:
    """Tell how often the rule for leaving people out is wrong; where too often, what would do."""
    title = f"{rule.catches} catch trials; who fails {rule.drop_at} is left out. How often somebody"
    if not rule.catches_clickers:
        enough = shortest_rule(rule.scale, rule.pictures)
        title = (
            f"ATTENTION: this rule errs in {LIMIT:.0%} or more of the cases; catches = "
            f"{enough.catches} with drop_at = {enough.drop_at} would not. {title}"
        )
    chances = rule.told()
    return title, pd.DataFrame(
        {"who": list(chances), "chance": [f"{chance:.2%}" for chance in chances.values()]}
    )


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "votes on": table["plan"],
            "assumed": table["assumed"],
            "votes of two methods": table["votes"],
            "worth": table["worth"].map("{:.0f}".format),
            "level": table["level"].map("{:.4f}".format),
            "preference found": [_preference(value) for value in table["preference"]],
        }
    )


def _apart(value: float) -> str:
    return "none" if value != value else f"{value:.2f}"


def _preference(value: float) -> str:
    return "none" if value != value else f"{value:.1%} : {1 - value:.1%}"


def _told(given: Assumptions, cannot_say: bool, what: str = "decisive votes") -> str:
    """Say what is assumed."""
    ties = f'{given.ties:.0%} "can\'t say", ' if cannot_say else ""
    return (
        f"Assumed: {given.dropout:.0%} of the votes lost (people who leave or are left out), "
        f"{ties}a correlation of {given.correlation:.2f} between one "
        f"person's votes on two methods, and log strengths that deviate by {given.pictures:.2g} "
        f"between pictures, on {given.contents} contents and {given.styles} styles. Two methods "
        f"are told apart by the test of the report; worth: so many independent {what}."
    )


def _even(summary: pd.DataFrame) -> pd.DataFrame:
    return summary.assign(
        **{name: summary[name].map("{:.4g}".format) for name in ("least", "most")}
    )
