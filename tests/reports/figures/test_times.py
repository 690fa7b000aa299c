"""The charts of time say what they were drawn from."""

from __future__ import annotations

import dataclasses

import pandas as pd

from reports.figures.times import time_methods
from reports.inputs.run_data import read_run


def test_time_of_methods_without_their_timing_comes_from_the_pairs(tiny_run, tmp_path):
    run = read_run(tiny_run)
    drawn = time_methods(dataclasses.replace(run, timing=[]), tmp_path)
    assert "no timing of its methods" in drawn.caption
    assert set(pd.read_csv(drawn.data)["over"]) == {"pairs"}
    assert "1 iteration a turn" in time_methods(run, tmp_path).caption
