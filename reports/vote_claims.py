"""The published user study, read again: 600 votes of 30 people, shares without any test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy import stats

from reports import published
from reports.data import RunData
from reports.plotstyle import COLOURS, Figure, keep, plot
from reports.verdicts import FAILS, HOLDS, Claim

_SOURCE = "DFR slides, bar chart (shares read off it; no interval, no test)"
_INDEPENDENT = (
    "Votes are taken as independent, which makes p too small and intervals too narrow: each of "
    f"the {published.VOTERS} people gave many."
)


def votes_table() -> pd.DataFrame:
    """Return one row per method: share, votes of 600, and Wilson's 95 % interval."""
    rows = []
    for name, share in published.VOTE_SHARES.items():
        votes = round(share * published.VOTES)
        interval = stats.binomtest(votes, published.VOTES).proportion_ci(method="wilson")
        rows.append(
            {
                "method": name,
                "published share": share,
                "votes": votes,
                "low": float(interval.low),
                "high": float(interval.high),
            }
        )
    return pd.DataFrame(rows)


def shares_differ(run: RunData) -> Claim:  # noqa: ARG001  (judged from the published numbers)
    """Test whether the published votes differ from equal shares at all."""
    table = votes_table()
    test = stats.chisquare(table["votes"])
    equal = 1 / len(table)
    told = ", ".join(
        f"{row['method']} {row['published share']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        for row in table.to_dict("records")
    )
    return Claim(
        name="User study: shares",
        claim=f"{published.VOTES} votes by {published.VOTERS} people rank six methods.",
        source=_SOURCE,
        rule=f"Holds if a chi-squared test against equal shares of {equal:.3f} gives p < 0.05. "
        + _INDEPENDENT,
        measured=f"χ² = {test.statistic:.1f} ({len(table) - 1} degrees of freedom), "
        f"p = {test.pvalue:.2g}. Shares with 95 % intervals (Wilson): {told}. No votes were "
        "collected in this run.",
        verdict=HOLDS if test.pvalue < 0.05 else FAILS,
        evidence="vote_shares",
    )


def dfr_over_decormst(run: RunData) -> Claim:  # noqa: ARG001
    """Test DFR's votes against those of the method it follows."""
    other = "DeCorMST"
    shares = published.VOTE_SHARES
    ours, theirs = (round(shares[name] * published.VOTES) for name in ("DFR", other))
    test = stats.binomtest(ours, ours + theirs)
    interval = test.proportion_ci(method="wilson")
    return Claim(
        name=f"User study: DFR over {other}",
        claim=f"DFR gets {shares['DFR']:.2f} of the votes and {other} {shares[other]:.2f}.",
        source=_SOURCE,
        rule=f"Holds if DFR has more votes than {other} and a binomial test of the two gives "
        "p < 0.05. " + _INDEPENDENT,
        measured=f"{ours} votes against {theirs}: DFR has {ours / (ours + theirs):.0%} of them "
        f"(95 % interval {interval.low:.0%} to {interval.high:.0%}, Wilson), p = "
        f"{test.pvalue:.2g}.",
        verdict=HOLDS if test.pvalue < 0.05 and ours > theirs else FAILS,
        evidence="vote_shares",
    )


def vote_shares(folder: Path) -> Figure:
    """Draw the published shares with their intervals and the line of equal shares."""
    table = votes_table()
    with plot(6.4, 3.2) as figure:
        axes = figure.axes[0]
        places = range(len(table))[::-1]
        axes.hlines(places, table["low"], table["high"], color=COLOURS[0], linewidth=2)
        axes.plot(table["published share"], places, "o", color=COLOURS[0])
        axes.axvline(1 / len(table), color="#888888", linestyle="--", linewidth=1)
        axes.set_yticks(places, table["method"])
        axes.set(xlabel="share of votes", title="The published user study, with intervals")
        axes.set_xlim(0)
        axes.grid(axis="y", visible=False)
        return keep(
            figure,
            folder,
            "vote_shares",
            "The published user study: shares with intervals",
            f"Shares read off the slides' chart, with 95 % intervals (Wilson) from "
            f"{published.VOTES} votes; dashed: equal shares. {_INDEPENDENT}",
            table,
        )
