"""The chart of the published user study."""

from __future__ import annotations

from pathlib import Path

from eval.analysis import published_numbers as published
from reports.claims.votes import INDEPENDENT
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.tables.user_study import votes_table


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
            f"{published.VOTES} votes; dashed: equal shares. {INDEPENDENT}",
            table,
        )
