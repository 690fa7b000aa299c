"""What is told while a study runs: rules, times and balance, and never what people prefer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.analysis.progress import (
    balance_so_far,
    exclusions,
    pace,
    people_so_far,
    times,
)
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.ballots.poll import Poll
from studies.design.trial import Side, Trial

METHODS = ("alpha", "beta", "gamma")


@pytest.fixture
def poll() -> Poll:
    """Six people with twelve counted trials and two catch trials each; what they did is below."""
    own, noise = Side("output", "alpha", "0"), Side("noise")
    design = [
        [*trials, *(Trial("catch", "content-00", "style-00", own, noise, "left") for _ in range(2))]
        for trials in round_robin(METHODS, 6, 12, 1, (2, 3))
    ]
    votes, people = simulate(design, Voters(dict.fromkeys(METHODS, 0.0)), 1)
    votes = votes.assign(timed_by="browser", seconds=3.0)
    who = votes["participant"]
    votes.loc[who == "voter-0001", "seconds"] = 0.5
    votes.loc[who == "voter-0002", "answer"] = "left"
    failing = (who == "voter-0003") & (votes["kind"] == "catch")
    votes.loc[failing, "answer"] = "right"
    votes.loc[who == "voter-0004", "timed_by"] = "server"
    votes.loc[who == "voter-0005", "reloaded"] = True
    votes = votes[(who != "voter-0004") | (votes["position"] < 5)]
    people["finished"] = people["participant"] != "voter-0004"
    rows = [
        {"slot": slot, "position": position, "kind": trial.kind, "content": trial.content,
         "style": trial.style}
        for slot, trials in enumerate(design) for position, trial in enumerate(trials)
    ]  # fmt: skip
    settings = {"methods": dict.fromkeys(METHODS, ""), "questions": ["overall"], "drop_at": 2,
                "catches": 2}  # fmt: skip
    return Poll("s", "", settings, "", None, pd.DataFrame(rows), people, votes)


def test_every_rule_counts_whom_it_found(poll: Poll):
    found = exclusions(poll).set_index("rule")
    assert found["people"].to_dict() == {
        "fails 2 or more of 2 catch trials": 1,
        "half of the answers within 1 s": 1,
        "the same answer in 90% of 10 or more": 1,
        "not finished, at it or gone": 1,
    }
    assert found["counted answers"].tolist() == [12, 12, 12, 5]
    people = people_so_far(poll).set_index("participant")
    assert people["doubtful"].tolist() == ["", "fast", "same answer", "", "", ""]
    assert people["left out"].tolist() == [False, False, False, True, False, False]
    assert people["catch trials failed"].tolist()[3:5] == ["2 of 2", "0 of 0"]
    assert people["place"].tolist() == [1, 2, 3, 4, 5, 6]


def test_times_are_the_browsers_without_reloads(poll: Poll):
    told = times(poll).set_index("seconds of")
    assert told["answers"].to_dict() == {"counted trials": 48, "catch trials": 8}
    assert told["median"].tolist() == [3.0, 3.0]
    people = people_so_far(poll)
    assert people["median seconds"].tolist()[:4] == [3.0, 0.5, 3.0, 3.0]
    assert people["median seconds"].iloc[4:].isna().all()
    assert (people["minutes"] > 0).all()
    assert pace(poll)["screen"].tolist() == list(range(1, 15))


def test_balance_is_told_without_a_name(poll: Poll):
    found = balance_so_far(poll).set_index("votes of")
    counted = poll.votes[poll.votes["kind"] == "vote"]
    of = pd.concat([counted["left_method"], counted["right_method"]]).value_counts()
    assert found.loc["one method"].tolist() == [of.min(), of.max()]
    assert set(found.index[:4]) == {"one method", "two methods", "one content", "one style"}
    told = " ".join(
        str(table.to_numpy()) + str(list(table.columns))
        for table in (found.reset_index(), exclusions(poll), people_so_far(poll), times(poll))
    )
    assert not [name for name in METHODS if name in told]


def test_a_study_that_nobody_answered_is_told_too(poll: Poll):
    empty = Poll("s", "", poll.settings, "", None, poll.trials, poll.participants.iloc[:0],
                 poll.votes.iloc[:0])  # fmt: skip
    assert exclusions(empty)["people"].sum() == 0
    assert people_so_far(empty).empty
    assert times(empty).empty
    assert pace(empty).empty
    found = balance_so_far(empty)
    assert found["most"].tolist() == [0] * len(found)
    assert np.isfinite(found["fewest"]).all()
