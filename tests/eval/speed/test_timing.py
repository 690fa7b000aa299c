from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from dfr.core.errors import UserError
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from eval.analysis.times import (
    estimates,
    fit_line,
    fit_power,
    median_interval,
    of_case,
    paired_ratio,
    timed,
)
from eval.data.dataset import open_dataset
from eval.runs.profiles import read_profile
from eval.runs.store import RunStore
from eval.speed.stopwatch import take_turns
from eval.speed.timing import Spent, TimedCase, Timing, sizes_of, time_cases, time_in_turns
from tests.eval.conftest import LEAST, begun_with, make_run

KEYS = {
    "kind", "name", "outputs", "height", "width", "round", "iterations", "seconds",
    "seconds_targets", "device",
}  # fmt: skip


def test_everything_has_one_turn_in_each_round_after_warming_up():
    calls = []

    def run(name: str):
        return lambda amount: calls.append((name, amount)) or name.upper()

    told = []
    ticks = iter(range(100))
    turns, left_out = take_turns(
        {"a": run("a"), "b": run("b")}, 7, 3, progress=lambda *now: told.append(now),
        clock=lambda: float(next(ticks)),
    )  # fmt: skip
    order = [("a", 7), ("b", 7), ("b", 7), ("a", 7), ("a", 7), ("b", 7)]
    assert calls == [("a", 1), ("b", 1), *order], "the order turns round by round"
    assert told == [(done, 6) for done in range(1, 7)]
    assert left_out == []
    assert [(turn.name, turn.round) for turn in turns] == [
        ("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)
    ]  # fmt: skip
    assert {(turn.name, turn.result, turn.seconds) for turn in turns} == {
        ("a", "A", 1.0), ("b", "B", 1.0)
    }  # fmt: skip


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    ],
)
def test_what_has_no_memory_does_not_cost_the_others(error):
    def hungry(_: int) -> Spent:
        raise error

    cases = [
        TimedCase("size", "9000x9000", 9000, 9000, hungry),
        TimedCase("size", "32x40", 32, 40, lambda n: Spent(1, n, 0.25)),
    ]
    found = time_in_turns(cases, 7, 2)
    assert found["left_out"] == ["size 9000x9000"]
    for turn, row in enumerate(found["rows"]):
        assert row.pop("seconds") >= 0
        assert row == {
            "kind": "size", "name": "32x40", "outputs": 1, "height": 32, "width": 40,
            "round": turn, "iterations": 7, "seconds_targets": 0.25, "device": "cpu",
        }  # fmt: skip
    assert len(found["rows"]) == 2


def test_everything_is_timed(encoder, small_profile, tmp_path):
    dataset = open_dataset(None, None, tmp_path, 1, 1)
    methods = {entry.label: entry.build for entry in read_profile(small_profile).methods}
    settings = Timing(outputs=(1, 3), sizes=("32x40", "48"), iterations=1, repeats=1)
    images = ImageSettings(Size.parse("32x40"))
    rows = time_cases(settings, methods, dataset, images, encoder)["rows"]
    assert all(set(row) == KEYS for row in rows)
    assert all(row["seconds"] > row["seconds_targets"] >= 0 for row in rows)
    names = {
        kind: [row["name"] for row in rows if row["kind"] == kind]
        for kind in ("outputs", "method", "size", "correlations")
    }
    assert names["outputs"] == ["DFR-1", "DFR-3"]
    assert names["method"] == ["dfr", "half", "feedforward"]
    assert names["size"] == ["32x40", "38x48"]
    assert len(names["correlations"]) == 5 + 3
    by_name = {row["name"]: row for row in rows}
    assert by_name["DFR-3"]["outputs"] == 3
    assert by_name["dfr"]["outputs"] == 2
    assert by_name["dfr"]["iterations"] == 1  # of the timing, not of the profile
    assert by_name["feedforward"]["iterations"] == 0
    frame = timed(rows)
    assert frame.loc[frame["name"] == "feedforward", "per_iteration"].isna().all()
    assert (frame.loc[frame["name"] != "feedforward", "per_iteration"] > 0).all()


def test_the_ladder_of_sizes_stays_above_the_least_side():
    def sides(height: int, width: int) -> list[str]:
        return [
            "x".join(map(str, size))
            for size in sizes_of(Timing(), torch.zeros(1, 3, height, width))
        ]

    assert sides(96, 116) == ["48x58", "68x82", "96x116", "136x164", "192x232"]
    assert sides(32, 40) == ["32x40", "45x57", "64x80"]
    named = Timing(sizes=("native", "32x40", "48"))
    assert sizes_of(named, torch.zeros(1, 3, 40, 53)) == [(40, 53), (32, 40), (36, 48)]


def test_a_wrong_timing_section_is_told(profile_file, tmp_path):
    before = 'sizes = ["32x40", "40x48"]'
    text = profile_file.read_text()
    assert before in text
    for change, message in (('sizes = ["8x8"]', "at least 32"), ('sizes = ["big"]', "'big'")):
        path = tmp_path / "wrong.toml"
        path.write_text(text.replace(before, change))
        with pytest.raises(UserError, match=message):
            read_profile(path)
    path.write_text(text.replace("outputs = [1, 2]", "outputs = [2, 2]"))
    with pytest.raises(UserError, match="twice"):
        read_profile(path)
    path.write_text(text.replace("outputs = [1, 2]", "outputs = [0]"))
    with pytest.raises(UserError, match=r"timing\.outputs"):
        read_profile(path)


def test_timing_is_made_anew_for_other_settings_only(small_run, least_profile, tmp_path):
    run = begun_with(small_run, tmp_path / "run")
    before = RunStore(run).read_sealed("timing.json")
    assert set(before) == {"settings", "environment", "rows", "left_out"}
    make_run(least_profile, run)
    assert RunStore(run).read_sealed("timing.json") == before
    profile = tmp_path / "least.toml"
    profile.write_text(LEAST.replace("outputs = [1]", "outputs = [2]"))
    make_run(profile, run)
    after = RunStore(run).read_sealed("timing.json")
    assert after["settings"]["outputs"] == [2]
    assert {row["name"] for row in after["rows"] if row["kind"] == "outputs"} == {"DFR-2"}


def test_median_and_interval_of_known_values():
    found = median_interval([5, 1, 4, 2, 3, 6, 7])
    assert (found.median, found.low, found.high, found.count) == (4, 1, 7, 7)
    assert found.coverage == pytest.approx(1 - 2 / 2**7)
    assert found.show() == "4.00 (95 % interval: 1.00 to 7.00)"
    nine = median_interval(range(1, 10))
    assert (nine.median, nine.low, nine.high) == (5, 2, 8)
    few = median_interval([1, 2, float("nan")])
    assert (few.median, few.low, few.high, few.count) == (1.5, 1, 2, 2)
    assert few.name == "range of 2 values"
    assert not median_interval([])
    assert math.isnan(median_interval([]).median)


@pytest.mark.parametrize("count", [6, 7, 9, 15, 30])
def test_the_interval_holds_the_median_as_often_as_it_says(count):
    draws = stats.lognorm(1).rvs((3000, count), random_state=0)
    held = [found.low <= 1 <= found.high for found in map(median_interval, draws)]
    coverage = median_interval(draws[0]).coverage
    assert coverage >= 0.95
    assert np.mean(held) == pytest.approx(coverage, abs=0.015)


def test_ratios_are_taken_round_by_round():
    rows = [
        {"kind": "outputs", "name": name, "outputs": n, "height": 10, "width": 10, "round": turn,
         "iterations": 2, "seconds": slow * n + 1, "seconds_targets": 1.0}
        for turn, slow in enumerate((1.0, 50.0, 2.0))
        for n, name in ((1, "DFR-1"), (3, "DFR-3"))
    ]  # fmt: skip
    frame = timed(rows)
    found = paired_ratio(of_case(frame, "outputs", "DFR-3"), of_case(frame, "outputs", "DFR-1"))
    assert (found.median, found.low, found.high) == (3, 3, 3)
    table = estimates(frame, "outputs", "per_iteration").set_index("outputs")
    assert table["median"].to_dict() == {1: 1.0, 3: 3.0}
    assert not paired_ratio(of_case(frame, "outputs", "DFR-9"), of_case(frame, "outputs", "DFR-1"))


def test_no_rows_give_no_numbers():
    frame = timed([])
    assert frame.empty
    assert fit_line(frame, "outputs", "per_iteration") is None
    assert fit_power(frame, "pixels", "per_iteration") is None


def test_a_line_is_found_again():
    x = [1, 2, 3, 4, 6, 8]
    rows = [
        {"round": turn, "x": n, "y": factor * (0.5 + 0.25 * n)}
        for turn, factor in enumerate((1.0, 2.0, 1.2, 1.1, 1.3, 0.9, 1.0))
        for n in x
    ]
    found = fit_line(pd.DataFrame(rows), "x", "y")
    assert found.intercept.median == pytest.approx(0.5 * 1.1)
    assert found.slope.median == pytest.approx(0.25 * 1.1)
    assert (found.slope.low, found.slope.high) == pytest.approx((0.25 * 0.9, 0.25 * 2))
    assert found.r_squared == pytest.approx(1)
    assert fit_line(pd.DataFrame(rows[:1]), "x", "y") is None


def test_the_exponent_of_a_power_law_is_found_again():
    noise = np.random.default_rng(0).lognormal(0, 0.02, (9, 5))
    pixels = np.array([1000, 2000, 4000, 8000, 16000])
    exact = [{"round": turn, "pixels": n, "y": 3e-5 * n**0.9} for turn in range(7) for n in pixels]
    noisy = [
        {"round": turn, "pixels": n, "y": 3e-5 * n**0.9 * noise[turn, i]}
        for turn in range(9)
        for i, n in enumerate(pixels)
    ]
    found = fit_power(pd.DataFrame(exact), "pixels", "y")
    assert found.slope.median == pytest.approx(0.9)
    assert math.exp(found.intercept.median) == pytest.approx(3e-5)
    found = fit_power(pd.DataFrame(noisy), "pixels", "y")
    assert found.slope.low <= 0.9 <= found.slope.high
    assert found.slope.high - found.slope.low < 0.1
