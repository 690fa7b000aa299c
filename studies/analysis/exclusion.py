"""Who is left out of the analysis: participants who failed too many catch trials.

The number is set in the study file before the first vote. Every ranking, table and figure uses
this one rule.
"""

from __future__ import annotations

from itertools import groupby

import pandas as pd

from studies.design.trial import is_right

#: Whoever answers within so many seconds has hardly looked at four pictures.
FAST = 1.0
#: A share of one answer that is doubtful, among at least so many votes.
SAME, ENOUGH = 0.9, 10

ATTENTION_COLUMNS = [
    "participant", "votes", "reloads", "median_seconds", "fast_share", "same_share", "longest_run",
    "dropped", "doubtful",
]  # fmt: skip


def catch_failures(votes: pd.DataFrame, drop_at: int) -> pd.DataFrame:
    """Count the catch trials that each participant answered and failed.

    A trial is failed if any question about it was not answered as expected; "can't say" is not
    what was expected.

    Args:
        votes: of all questions.
        drop_at: a participant who failed this many catch trials is left out.

    Returns:
        one row per ``participant`` with a vote of any kind: ``catches``, ``failed``, and whether
        they are ``dropped``.
    """
    catches = votes[votes["kind"] == "catch"]
    wrong = [
        not is_right(answer, expected)
        for answer, expected in zip(catches["answer"], catches["expected"], strict=True)
    ]
    failed = pd.Series(wrong, index=catches.index, dtype=bool).groupby(
        [catches["participant"], catches["position"]]
    )
    per_person = failed.any().groupby(level="participant").agg(["size", "sum"])
    names = pd.Index(sorted(votes["participant"].unique()), dtype=object)
    found = per_person.reindex(names, fill_value=0)
    failures = found["sum"].to_numpy(dtype=int)
    return pd.DataFrame(
        {
            "participant": names,
            "catches": found["size"].to_numpy(dtype=int),
            "failed": failures,
            "dropped": failures >= drop_at,
        }
    )


def without_dropped(votes: pd.DataFrame, catches: pd.DataFrame) -> pd.DataFrame:
    """Return the votes of the participants who are not dropped.

    Args:
        votes: with a column ``participant``.
        catches: see `catch_failures`.
    """
    dropped = catches.loc[catches["dropped"], "participant"]
    return votes[~votes["participant"].isin(dropped)]


def attention(votes: pd.DataFrame, catches: pd.DataFrame) -> pd.DataFrame:
    """Tell how each participant answered, for whoever doubts them; nobody is left out by this.

    Args:
        votes: of one question.
        catches: see `catch_failures`.

    Returns:
        one row per ``participant`` with a counted vote: ``votes``; ``reloads``, those given after
        the page was opened again, whose pictures may have been seen for longer than their time
        says; of the others ``median_seconds`` and ``fast_share``, the share within `FAST` seconds
        (NaN where there are none); ``same_share``, the share of the
        answer that they gave most often, and ``longest_run`` of one answer in a row;
        ``dropped``; and ``doubtful``: "fast" where half of the votes are, "same answer" where
        `SAME` of at least `ENOUGH` votes are one answer, both, or "".
    """
    dropped = catches.set_index("participant")["dropped"]
    rows = []
    counted = votes[votes["kind"] == "vote"].sort_values(["participant", "position"])
    for name, mine in counted.groupby("participant"):
        answers = mine["answer"].tolist()
        again = mine["reloaded"].eq(True).fillna(False).astype(bool)
        seconds = mine["seconds"][~again].astype(float)
        fast = float((seconds < FAST).mean())
        same = max(answers.count(answer) for answer in set(answers)) / len(answers)
        doubts = ["fast"] * (fast >= 0.5)
        doubts += ["same answer"] * (same >= SAME and len(answers) >= ENOUGH)
        rows.append(
            {
                "participant": name,
                "votes": len(mine),
                "reloads": int(again.sum()),
                "median_seconds": float(seconds.median()),
                "fast_share": fast,
                "same_share": same,
                "longest_run": max(len(list(run)) for _, run in groupby(answers)),
                "dropped": bool(dropped[name]),
                "doubtful": ", ".join(doubts),
            }
        )
    return pd.DataFrame(rows, columns=ATTENTION_COLUMNS)
