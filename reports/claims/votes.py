"""The published user study, read again: 600 votes of 30 people, shares without any test.

Beside it stands what people chose in this run, where they were asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scipy import stats

from eval.analysis import published_numbers as published
from reports.claims.verdicts import (
    CONTRADICTED,
    ENOUGH,
    HOLDS,
    OPEN,
    Claim,
    decormst,
    large_enough,
    published_dfr,
)
from reports.inputs.run_data import RunData
from reports.inputs.votes import SIMULATED, told_apart
from reports.tables.readable import readable_p
from reports.tables.user_study import votes_table

if TYPE_CHECKING:
    from studies.analysis.pair_results import PairResult

_SOURCE = "DFR slides, bar chart (shares read off it; no interval, no test)"
#: What is wrong with intervals and tests of the published votes.
INDEPENDENT = (
    "Votes are taken as independent. Each of the "
    f"{published.VOTERS} people gave many, so p is too small and the intervals are too narrow."
)


#: A design effect that studies in which each person votes some twenty times easily have.
_DESIGN_EFFECT = 2.0
#: When this run's own votes decide a verdict.
_WHEN = (
    "If people voted on this run (in a closed study that asks which is better overall, with DFR "
    f"and DeCorMST at {ENOUGH}), it holds if"
)


def shares_differ(run: RunData) -> Claim:
    """Test whether the published votes differ from equal shares at all, and this run's votes."""
    table = votes_table()
    test = stats.chisquare(table["votes"])
    equal = 1 / len(table)
    told = ", ".join(
        f"{row['method']} {row['published share']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        for row in table.to_dict("records")
    )
    result = collected(run)
    apart = [
        told_apart(row) == "yes" for row in (result.pairs.to_dict("records") if result else [])
    ]
    # The least design effect with which p would be 0.05 or more.
    bound = test.statistic / stats.chi2.ppf(0.95, len(table) - 1)
    verdict = HOLDS if (any(apart) if result else bound > _DESIGN_EFFECT) else OPEN
    return Claim(
        name="User study: shares",
        claim=f"{published.VOTES} votes by {published.VOTERS} people rank six methods.",
        source=_SOURCE,
        rule=f"A chi-squared test against equal shares of {equal:.3f}. {INDEPENDENT} How much too "
        "small is not told, so the published votes alone leave it open where a design effect of 2 "
        f"or less would undo p < 0.05. {_WHEN} these votes tell two methods apart (the 95 % "
        "interval for all pairs at once excludes one half).",
        measured=f"Published: χ² = {test.statistic:.1f} ({len(table) - 1} degrees of freedom), "
        f"p {readable_p(test.pvalue, '= ')}; with a design effect above {bound:.2f}, p would be "
        "0.05 or more. "
        f"Shares with 95 % intervals (Wilson): {told}. "
        + (_shares_here(run, result) if result else _no_votes(run)),
        verdict=verdict,
        scale=_scale(run, result is not None),
        evidence="votes_strengths" if result else "vote_shares",
        decides=""
        if verdict == HOLDS
        else "The published votes of each person, or a closed study of this run.",
    )


def dfr_over_decormst(run: RunData) -> Claim:
    """Test DFR's votes against those of the method it follows: this run's, or the published."""
    other = "DeCorMST"
    shares = published.VOTE_SHARES
    ours, theirs = (round(shares[name] * published.VOTES) for name in ("DFR", other))
    test = stats.binomtest(ours, ours + theirs)
    interval = test.proportion_ci(method="wilson")
    here = _between(run, "DFR", other)
    verdict = OPEN
    if test.pvalue < 0.05:
        verdict = HOLDS if ours > theirs else CONTRADICTED
    told = ""
    if here is not None:
        verdict = HOLDS if here["low"] > 0.5 else CONTRADICTED if here["high"] < 0.5 else OPEN
        told = (
            f" This run: {run.titles[here['a']]} won {here['won']} of {here['of']} decisive votes "
            f"against {run.titles[here['b']]}, {here['share']:.0%} (95 % interval "
            f"{here['low']:.0%} to {here['high']:.0%}, for people and pictures "
            f"like these; p {readable_p(here['p'], '= ')})."
        )
    return Claim(
        name=f"User study: DFR over {other}",
        claim=f"DFR gets {shares['DFR']:.2f} of the votes and {other} {shares[other]:.2f}.",
        source=_SOURCE,
        rule=f"Holds if DFR has more votes than {other} and a binomial test of the two gives "
        "p < 0.05; contradicted if it has fewer and p < 0.05; otherwise it is open. "
        f"{INDEPENDENT} {_WHEN} instead the clustered interval of DFR's share of the decisive "
        "votes between the two lies above one half, and it is contradicted if it lies below.",
        measured=f"Published: {ours} votes against {theirs}: DFR has "
        f"{ours / (ours + theirs):.0%} of them (95 % interval {interval.low:.0%} to "
        f"{interval.high:.0%}, Wilson), p {readable_p(test.pvalue, '= ')}. Power to find such a "
        "share with as many independent votes: "
        f"{_power(ours, ours + theirs):.0%}." + (told or f" {_no_votes(run)}"),
        verdict=verdict,
        scale=_scale(run, here is not None),
        evidence="votes_wins" if here is not None else "vote_shares",
        decides="" if verdict != OPEN else _votes_needed(ours, ours + theirs),
    )


def _scale(run: RunData, here: bool) -> str:
    """Tell whose votes decide."""
    if here:
        return f"The votes of this run: {run.size} pixels."
    return (
        f"The published votes ({published.VOTES} by {published.VOTERS} people) on the published "
        "pictures."
    )


def _votes_needed(won: int, votes: int) -> str:
    """Tell how many independent votes would find the published share with a power of 80 %."""
    share = won / votes
    z = stats.norm.ppf(0.975) * 0.5 + stats.norm.ppf(0.8) * (share * (1 - share)) ** 0.5
    return (
        f"More votes: about {(z / (share - 0.5)) ** 2:.0f} independent ones between the two would "
        f"find a share of {share:.0%} with a power of 80 %; or a closed study of this run."
    )


def _power(won: int, votes: int) -> float:
    """Return the chance that a binomial test finds p < 0.05 if the true share is won / votes."""
    return float(
        sum(
            stats.binom.pmf(count, votes, won / votes)
            for count in range(votes + 1)
            if stats.binomtest(count, votes).pvalue < 0.05
        )
    )


def collected(run: RunData) -> PairResult | None:
    """Return the votes of this run that may judge a claim; None if there are none."""
    votes = run.votes
    if votes is None or not votes.may_judge or "overall" not in votes.results:
        return None
    names = published_names(run)
    labels = [label for label in votes.titles if names.get(label) in ("DFR", "DeCorMST")]
    result = votes.results["overall"]
    if not large_enough(run, labels) or result.pairs["cluster_low"].isna().all():
        return None
    return result


def published_names(run: RunData) -> dict[str, str]:
    """Return label -> name in the published study, of the methods of this run that were in it."""
    found = dict.fromkeys(published_dfr(run), "DFR") | dict.fromkeys(decormst(run), "DeCorMST")
    for cell in run.cells:
        label, title = cell["label"], str(cell["title"]).lower()
        if cell["method"] == "external":
            for name in published.VOTE_SHARES:
                if name.lower() in title:
                    found[label] = name
    return found


def _no_votes(run: RunData) -> str:
    """Say why no votes of this run stand beside the published ones."""
    votes = run.votes
    if votes is None:
        return "No votes were collected in this run."
    if votes.simulated:
        return f"This run has only the votes of a rehearsal ({SIMULATED}), which decide nothing."
    if votes.preliminary:
        return "A study of this run is still open; its votes are shown when it is closed."
    return "The votes on this run are too few to judge by, or the run is too small."


def _shares_here(run: RunData, result: PairResult) -> str:
    """Tell the shares of this run's votes, with the published ones where there are any."""
    names, table = published_names(run), result.shares
    summary = result.summary.iloc[0]
    told = []
    for row in table.to_dict("records"):
        name = names.get(row["method"])
        also = f" (published: {published.VOTE_SHARES[name]:.2f})" if name else ""
        told.append(
            f"{run.titles[row['method']]} {row['share']:.2f} "
            f"[{row['cluster_low']:.2f}, {row['cluster_high']:.2f}]{also}"
        )
    return (
        f"This run: {int(summary['votes'])} votes of {int(summary['participants'])} people on "
        f"{len(table)} methods, of which equal shares are {1 / len(table):.3f}; shares of the "
        "decisive votes with 95 % intervals (for people and pictures like these): "
        f"{', '.join(told)}."
    )


def _between(run: RunData, ours: str, theirs: str) -> dict[str, Any] | None:
    """Return this run's votes between two methods of the published study.

    Returns:
        ``a`` and ``b``, their labels; ``won`` by a, ``of`` decisive votes; the ``share`` with its
        clustered ``low`` and ``high``; ``p`` of the same test. None without such votes.
    """
    result, names = collected(run), published_names(run)
    if result is None:
        return None
    for row in result.pairs.dropna(subset="cluster_low").to_dict("records"):
        low, high, share = row["cluster_low"], row["cluster_high"], row["share"]
        both = {"of": row["wins"] + row["losses"], "p": row["p"]}
        if (names.get(row["a"]), names.get(row["b"])) == (ours, theirs):
            return {**both, "a": row["a"], "b": row["b"], "won": row["wins"], "share": share,
                    "low": low, "high": high}  # fmt: skip
        if (names.get(row["a"]), names.get(row["b"])) == (theirs, ours):
            return {**both, "a": row["b"], "b": row["a"], "won": row["losses"],
                    "share": 1 - share, "low": 1 - high, "high": 1 - low}  # fmt: skip
    return None
