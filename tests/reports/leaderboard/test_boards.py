"""Means with intervals, who is not told apart, fronts, and seconds of one machine only."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.leaderboard.boards import SECONDS, boards_of
from reports.leaderboard.build import figures
from reports.leaderboard.fronts import front, time_fronts, unbeaten
from tests.reports.leaderboard.conftest import made_up


def test_entries_on_other_pictures_or_sizes_are_on_other_boards():
    boards = boards_of([made_up("a"), made_up("b", styles=5), made_up("c")])
    assert [[line.name for line in board.lines] for board in boards] == [["a", "c"], ["b"]]
    assert "6 × 6 of its 8 × 6" in boards[0].title


def test_the_interval_is_that_of_contents_and_styles_and_absent_where_there_are_few():
    (board,) = boards_of([made_up("a", {"e_statistic": 3.0})])
    mean = board.lines[0].means["e_statistic"]
    assert mean.low < mean.value < mean.high and mean.value == pytest.approx(3, abs=0.01)
    (few,) = boards_of([made_up("a", contents=2)])
    assert math.isnan(few.lines[0].means["e_statistic"].low)


def test_what_is_not_told_apart_from_the_best_stands_beside_it():
    entries = [
        made_up("a", {"e_statistic": 5.0, "cfsd": 1.0}),
        made_up("b", {"e_statistic": 5.0, "cfsd": 2.0}),
        made_up("c", {"e_statistic": 1.0, "cfsd": 3.0}),
    ]
    (board,) = boards_of(entries)
    assert board.beside_best["e_statistic"] == {"a", "b"}
    assert board.beside_best["cfsd"] == {"a"}  # less is better
    assert "c_statistic" not in board.beside_best  # nobody is told apart


def test_twins_count_once_and_are_told():
    (board,) = boards_of([made_up("a", twins=True), made_up("b")])
    by_name = {line.name: line for line in board.lines}
    assert (by_name["a"].distinct, by_name["a"].outputs) == (1, 2)
    assert "diversity" not in by_name["a"].means
    assert by_name["b"].means["diversity"].value == pytest.approx(1, abs=0.01)


def test_a_control_that_leads_is_told():
    (board,) = boards_of([made_up("a", {"e_statistic": 5.0})])
    assert board.ahead() == {}
    rows = board.checked[0].file.entry.controls
    for row in rows:
        row["e_statistic"] = 9.0 if row["mode"] == "style" else 0.0
    (again,) = boards_of(board.checked)
    assert again.ahead() == {"the style picture, fitted": ["e_statistic"]}


def test_seconds_are_ranked_within_one_machine_only():
    entries = [
        made_up("a", {"e_statistic": 1.0}, seconds=1.0),
        made_up("b", {"e_statistic": 2.0}, seconds=2.0),
        made_up("c", {"e_statistic": 9.0}, seconds=0.1, device="cuda (another)"),
        made_up("d", {"e_statistic": 9.0}, seconds=0.1, method="external"),
        made_up("e", {"e_statistic": 9.0}, seconds=None),
    ]
    (board,) = boards_of(entries)
    assert not board.one_machine and SECONDS not in board.beside_best
    (one,) = time_fronts(board, "e_statistic")
    assert "cpu (one)" in one.machine and one.winners == ["A", "B"]
    where = {line.name: line.where for line in board.lines}
    assert "cuda (another)" in where["c"]
    assert where["d"] == "told by its makers, on a machine of theirs"
    assert where["e"] == "not told"
    assert boards_of(entries[:2])[0].one_machine


def test_the_front_knows_of_which_measures_less_is_better():
    entries = [
        made_up("good", {"cfsd": 1.0, "lpips": 0.5}),
        made_up("diverse", {"cfsd": 2.0, "lpips": 0.9}),
        made_up("beaten", {"cfsd": 2.5, "lpips": 0.4}),
    ]
    (board,) = boards_of(entries)
    assert front(board, "diversity", "cfsd").winners == ["Good", "Diverse"]
    drawn = figures(board)
    assert {"cfsd", "e_statistic"} <= {figure["quality"] for figure in drawn}
    svg = next(figure["svg"] for figure in drawn if figure["quality"] == "cfsd")
    assert svg.count('class="on"') == 2 and svg.count('class="off"') == 1
    assert "beaten by nobody in both: Good, Diverse" in svg


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=2),
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
        min_size=1,
        max_size=8,
    )
)
def test_nobody_beats_the_front_and_all_others_are_beaten_by_it(values):
    winners = unbeaten(values)
    assert winners

    def beats(a, b):
        return a != b and a[0] >= b[0] and a[1] >= b[1]

    for name, mine in values.items():
        beaten = any(beats(values[winner], mine) for winner in winners)
        assert beaten == (name not in winners)
