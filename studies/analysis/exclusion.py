"""Who is left out of the analysis: participants who failed too many catch trials.

The number is set in the study file before the first vote. Every ranking, table and figure uses
this one rule.
"""

from __future__ import annotations

import pandas as pd


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
    failed = (catches["answer"] != catches["expected"]).groupby(
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
