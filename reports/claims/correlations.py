"""The claims about DeCorMST's five correlations."""

from __future__ import annotations

from collections.abc import Sequence

from eval.published.scale_conclusions import LOSS_FALLEN
from reports.claims.published_size import NEEDED, judged
from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN, Claim
from reports.inputs.run_data import RunData
from reports.tables.intervals import with_interval

#: Four of them have style terms that weigh at the published size; cosine's is next to nothing.
FOUR, COSINE = ("gram", "pearson", "covariance", "euclidean"), ("cosine",)

#: Number of correlations and verdict -> what was found.
_OUTCOMES = {
    (4, HOLDS): "DeCorMST really optimises four of its five correlations: Gram, Pearson, "
    "covariance and Euclidean.",
    (4, CONTRADICTED): "Not all of DeCorMST's Gram, Pearson, covariance and Euclidean correlations "
    "are optimised.",
    (1, HOLDS): "DeCorMST really optimises its cosine correlation.",
    (1, CONTRADICTED): "DeCorMST does not optimise its cosine correlation: the loss ends higher "
    "than it began.",
}


def four_correlations(run: RunData) -> Claim:
    """See whether Gram, Pearson, covariance and Euclidean are really optimised."""
    return _optimised(
        run,
        FOUR,
        "Correlations: Gram, Pearson, covariance, Euclidean",
        "With the same weights and the same Adam, the correlation transfers the style in its own "
        "way (four of the five).",
    )


def cosine(run: RunData) -> Claim:
    """See whether the cosine correlation is."""
    return _optimised(
        run,
        COSINE,
        "Correlations: cosine",
        "With the same weights and the same Adam, the cosine correlation transfers the style in "
        "its own way.",
    )


def _optimised(run: RunData, modes: Sequence[str], name: str, claim: str) -> Claim:
    curves = run.tables["curves"]
    labels = list(
        dict.fromkeys(cell["label"] for cell in run.cells if cell["method"] == "decormst")
    )
    falls: dict[str, dict[str, bool]] = {}
    told: list[str] = []
    for label in labels:
        falls[label], parts = {}, []
        mine = curves[(curves["label"] == label) & curves["mode"].isin(modes)]
        for mode, lines in mine.groupby("mode", sort=False):
            pairs = lines.groupby(["content", "style"])["loss"]
            ends = pairs.last() / pairs.first()
            falls[label][str(mode)] = bool(ends.median() < LOSS_FALLEN)
            parts.append(f"{mode} {with_interval(ends, digits='.2g')}")
        if parts:
            told.append(f"{', '.join(parts)} ({run.solvers[label]})")
    by_adam = [label for label in labels if run.solvers[label] == "adam"][:1]
    here = falls[by_adam[0]] if by_adam else {}
    if not set(modes) <= here.keys():  # a run that lacks one of them cannot tell
        by_adam, here = [], dict.fromkeys(modes, False)
    found = judged(run, by_adam, "decormst", "loss_falls", here)
    return Claim(
        name=name,
        claim=claim,
        source="DeCorMST, IEEE Access 2021",
        rule="Holds if each of them ends lower in its own objective than the content picture it "
        "starts from (the loss at the end over the loss at the start is below 1; in a run, its "
        f"median over pairs); contradicted if one does not. {NEEDED} Pearson's loss grows with the "
        "square of the number of pixels and Euclidean's with the number, so on smaller pictures "
        "the published weights without the balance are another method.",
        measured=(f"This run, loss at the end over loss at the start: {'; '.join(told)}. "
                  if told else "No DeCorMST cell in this run. ") + found.measured,
        verdict=found.verdict,
        scale=found.scale,
        evidence="loss_curves",
        decides=_decides(found.verdict),
        outcome=_OUTCOMES.get((len(modes), found.verdict), ""),
        numbers=f"Loss at the end over loss at the start. {found.measured}"
        if found.measured
        else "",
    )  # fmt: skip


def _decides(verdict: str) -> str:
    if verdict != OPEN:
        return ""
    return "Five pairs at 321 × 481 with 1000 iterations of Adam, or pairs that agree with others."
