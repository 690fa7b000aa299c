from __future__ import annotations

import dataclasses
import json
import math
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from dfr.cli import app
from dfr.core.errors import UserError
from dfr.core.images import Size
from dfr.network.cpu import integers
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from eval.data.dataset import open_dataset
from eval.speed import race as race_module
from eval.speed.contenders import agree, available, contest, seconds_of_steps
from eval.speed.race import race
from eval.speed.race_settings import RaceSettings
from eval.speed.race_tables import medians, summary

ARGUMENTS = ["race", "--pairs", "1", "--size", "48", "--rounds", "2", "--iterations", "12"]


@pytest.fixture(scope="module")
def raced(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("race")
    run = CliRunner().invoke(app, [*ARGUMENTS, "--out", str(out), "--peers", sys.executable])
    assert run.exit_code == 0, run.output
    assert "ours-bf16" in run.output
    assert "time to the loss of the published solver" in run.output
    return out


def row_of(out: Path) -> dict:
    (path,) = (out / "race").glob("*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_race_tells_steps_losses_and_pictures(encoder, tmp_path, monkeypatch):
    """As the command does, with few iterations and contenders; again, it is read and not run."""
    racing = ["pytorch", "ours"]
    monkeypatch.setattr(race_module, "available", lambda *_: racing)
    settings = RaceSettings(
        Size.parse("32x40"), pairs=1, published=Adam(iterations=2), fast=Fast(iterations=8),
        precision="fp32", rounds=1,
    )  # fmt: skip
    told = []

    def run(chosen: RaceSettings) -> dict:
        dataset = open_dataset(None, None, tmp_path / "styles", 1, 1)
        (row,) = race(
            dataset, tmp_path, chosen, encoder.weights, None, lambda *now: told.append(now)
        )
        return row

    row = run(settings)
    assert row["reference"] == "pytorch"
    assert set(row["steps"]) == set(racing)
    assert all(len(seconds) == 1 and seconds[0] > 0 for seconds in row["steps"].values())
    assert row["loss_fast"] < row["loss_published"]  # 8 iterations of the fast one against 2
    speedups = [speed for speed in row["speedup"].values() if speed is not None]
    assert speedups == sorted(speedups) != []  # a higher loss is reached sooner
    assert 0 < row["pictures"]["lpips_between"] < 1
    steps, pairs = summary([row])
    assert steps["contender"].tolist() == list(row["steps"])
    assert pairs["loss / published"].tolist() == [row["loss_fast"] / row["loss_published"]]

    before = len(told)
    assert run(settings) == row
    assert len(told) == before, "nothing was run"
    other = dataclasses.replace(settings, published=Adam(iterations=4))
    with pytest.raises(UserError, match="was made with other settings; choose another --out"):
        run(other)


@pytest.mark.slow
def test_the_command_tells_steps_losses_and_pictures(raced):
    row = row_of(raced)
    assert row["reference"] == "pytorch"  # the tests' own environment has no TensorFlow
    assert set(row["steps"]) == set(available(None))
    assert all(len(seconds) == 2 for seconds in row["steps"].values())
    assert row["loss_fast"] < row["loss_published"]  # 12 iterations against up to 500
    speedups = list(row["speedup"].values())
    assert speedups == sorted(speedups)  # a higher loss is reached sooner
    assert 0 < row["pictures"]["lpips_between"] < 1
    assert (raced / "steps.csv").exists()
    assert (raced / "pairs.csv").exists()
    assert len(list((raced / "published").glob("*.png"))) == 1


@pytest.mark.slow
def test_a_stopped_race_goes_on_without_the_long_runs(raced):
    (published,) = (raced / "published").glob("*.json")
    (path,) = (raced / "race").glob("*.json")
    before, stamp = row_of(raced), published.stat().st_mtime_ns
    path.unlink()
    run = CliRunner().invoke(app, [*ARGUMENTS, "--out", str(raced), "--peers", sys.executable])
    assert run.exit_code == 0, run.output
    assert published.stat().st_mtime_ns == stamp
    assert row_of(raced)["loss_fast"] == before["loss_fast"]


@pytest.mark.slow
def test_a_race_of_other_settings_does_not_mix_in(raced):
    run = CliRunner().invoke(app, [*ARGUMENTS[:-1], "13", "--out", str(raced)])
    assert isinstance(run.exception, UserError)
    assert "was made with other settings; choose another --out" in str(run.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pairs", "0"], "pairs 0"),
        (["--pairs", "400"], "400 pairs asked for"),
        (["--peers", "/no/such/python"], "is no Python that can be run"),
        (["--size", "8"], "too small"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--device", "cpu", "--precision", "tf32"], "precision tf32 is for CUDA"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, words):
    run = CliRunner().invoke(app, [*ARGUMENTS, "--out", str(tmp_path / "out"), *arguments])
    assert isinstance(run.exception, UserError)
    assert words in str(run.exception)


@pytest.mark.slow
def test_contenders_take_the_same_steps(content, style, encoder):
    with contest(["pytorch", "ours"], content, style, encoder.weights, 1) as running:
        curves = [contender.steps(6) for contender in running]
        seconds = seconds_of_steps(running, 3)
    assert curves[0] == pytest.approx(curves[1], rel=1e-3)
    assert curves[0][-1] < 0.9 * curves[0][0]
    assert all(len(each) == 3 and min(each) > 0 for each in seconds.values())


def test_what_a_device_cannot_do_does_not_race_there():
    assert available(None, torch.device("cuda")) == ["pytorch", "ours", "ours-bf16"]
    assert available(None, torch.device("mps")) == ["pytorch", "ours", "ours-bf16"]
    # This Python has no TensorFlow, and so none that sees a graphics processor.
    assert "tensorflow" not in available(Path(sys.executable), torch.device("cuda"))


@pytest.mark.slow
def test_weights_of_torchvision_s_convention_race_too_and_others_are_refused(
    content, style, encoder
):
    """Every contender takes the race's weights, and prepares pictures as these ask for."""
    kernels = dict(encoder.weights.kernels)
    weight, bias = kernels["block1_conv1"]
    kernels["block1_conv1"] = (60 * weight, bias)  # for pictures of deviation 1, not of 60 levels
    other = dataclasses.replace(encoder.weights, kernels=kernels, convention="torchvision")
    with (
        contest(["pytorch", "ours"], content, style, other, 1) as running,
        contest(["ours"], content, style, encoder.weights, 1) as of_caffe,
    ):
        (theirs,), (ours,) = (contender.steps(1) for contender in running)
        assert theirs == pytest.approx(ours, rel=1e-3)
        with pytest.raises(UserError, match="they do not compute the same thing"):
            agree([running[0], *of_caffe])


def test_a_contender_that_stops_says_why(content, style, encoder):
    with (
        pytest.raises(UserError, match=r"contender 'tensorflow' stopped: .*tensorflow"),
        contest(["tensorflow"], content, style, encoder.weights, 1, Path(sys.executable)),
    ):
        pass


def test_only_what_is_installed_is_raced():
    here = ["ours-int8"] if not integers.missing() else []
    assert available(None) == ["pytorch", "ours", "ours-bf16", *here]
    assert available(Path(sys.executable)) == available(None)


def test_a_loss_that_was_not_reached_counts_as_slowest():
    pairs = pd.DataFrame(
        {
            "pair": list("abcd"),
            "fast, s": [1.0, 2.0, 3.0, 4.0],
            "x at 1": [12.0, None, None, None],
            "x at 1.02": [12.0, 14.0, None, 15.0],
            "x at 1.05": [12.0, 14.0, 16.0, 18.0],
            "x at 1.1": [13.0, 15.0, 17.0, 19.0],
        }
    )
    (row,) = medians(pairs).to_dict("records")
    assert row["fast, s"] == 2.5
    assert math.isnan(row["x at 1"])
    assert row["x at 1.02"] == 12.0
    assert row["x at 1.05"] == 14.0
    assert row["x at 1.1"] == 15.0
