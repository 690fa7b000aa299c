"""What was found, the strongest first: sentences with their numbers, made from the run's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN, Claim
from reports.inputs.run_data import RunData
from reports.page.published import PublishedSection
from reports.tables.best import Best
from reports.tables.certainty import SECONDS
from reports.tables.readable import readable

#: What measures that say the same thing are about -> the measures.
_ABOUT = {
    "Nearest to the style": ("style_gap_closed", "e_statistic", "sifid_style", "colour_style"),
    "Most of the content kept": ("content_loss", "c_statistic", "c_learned", "cfsd",
                                 "lpips_content"),
    "Outputs that differ most": ("diversity", "diversity_vgg"),
    "Fastest": (SECONDS,),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One of them.

    Attributes:
        head: the sentence.
        numbers: on which it stands.
        link: where the page shows it: the name of an element.
        verdict: of a published claim, see `reports.claims.verdicts.VERDICTS`; else empty.
    """

    head: str
    numbers: str
    link: str
    verdict: str = ""


def findings(
    run: RunData,
    claims: Sequence[Claim],
    best: Sequence[Best],
    chance: pd.DataFrame,
    published: PublishedSection,
) -> list[Finding]:
    """Return what a reader should know first.

    Args:
        run: the run.
        claims: every published claim; those that are settled come first.
        best: see `reports.tables.best.best_of`, and by votes.
        chance: see `reports.tables.diversity.above_chance`.
        published: see `reports.page.published`.
    """
    settled = [
        Finding(claim.outcome or claim.claim, claim.numbers or claim.measured, "claims", verdict)
        for verdict in (CONTRADICTED, HOLDS)
        for claim in claims
        if claim.verdict == verdict
    ]
    unsettled = [claim.name for claim in claims if claim.verdict == OPEN]
    left = [Finding(f"{len(unsettled)} published claims stay open.", f"{'; '.join(unsettled)}.",
                    "claims", OPEN)]  # fmt: skip
    return [
        *settled,
        Finding(published.head, published.numbers, "published"),
        *(_of_votes(item) for item in best if item.measure == "votes"),
        *_beyond_chance(run, chance),
        *_leaders(best),
        *(left if unsettled else []),
    ]


def _beyond_chance(run: RunData, chance: pd.DataFrame) -> list[Finding]:
    """Tell of each method whether its outputs differ by more than chance does."""
    found = []
    for row in chance.to_dict("records"):
        beyond = row["low"] > 0
        known = row["low"] == row["low"]
        span = f" [{readable(row['low'])}, {readable(row['high'])}]" if known else ""
        title = run.titles[row["label"]]
        found.append(
            Finding(
                f"{title}: {row['outputs']} outputs of different objectives differ by more than "
                "chance."
                if beyond
                else f"{title}: whether its outputs differ by more than chance is not settled.",
                f"LPIPS {readable(row['diversity'])} between them, {readable(row['floor'])} "
                f"between two outputs of one objective; the difference is {readable(row['above'])}"
                f"{span} over {_pairs(row['pairs'])}. Vendi score {readable(row['vendi'])} "
                f"different pictures, by chance alone {readable(row['vendi_of_chance'])}.",
                "diversity-of-methods",
            )
        )
    return found


def _leaders(best: Sequence[Best]) -> list[Finding]:
    """Tell which output or method is best, measure by measure, in one finding for each concern."""
    of_measures = [item for item in best if item.measure != "votes"]
    if of_measures and not any(item.low == item.low for item in of_measures):
        return [Finding("Which output is best by a measure, this run cannot tell.",
                        "It has too few pairs for an interval.", "best")]  # fmt: skip
    found = []
    for about, measures in _ABOUT.items():
        items = [item for item in of_measures if item.measure in measures]
        names = list(dict.fromkeys(item.method for item in items))
        if not items:
            continue
        clear = all(item.sure == "clear" for item in items)
        told = " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
        head = f"{about}{'' if clear else ', not clearly by every measure'}: {told}."
        found.append(Finding(head, f"{'; '.join(_of_measure(item) for item in items)}.", "best"))
    return found


def _of_measure(item: Best) -> str:
    """Tell the mean and the lead of the best by one measure."""
    told = f"{item.title.split(' (')[0]}: {item.method} {readable(item.value)}"
    if item.runner_up:
        span = "" if item.low != item.low else f" [{readable(item.low)}, {readable(item.high)}]"
        told += f", {readable(item.lead)}{span} ahead of {item.runner_up}"
    return f"{told} ({item.sure})"


def _of_votes(item: Best) -> Finding:
    head = f"{item.title[0].upper()}{item.title[1:]}: {item.method}."
    return Finding(head, f"{_of_measure(item)}.", "votes")


def _pairs(count: int) -> str:
    return f"{count} pair" if count == 1 else f"{count} pairs"
