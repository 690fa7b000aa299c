"""The check of the published solver; `tox -e peers` runs it whole, with TensorFlow."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import Encoder
from dfr.solvers.adam import Adam
from eval.speed.commands import PEERS
from eval.speed.solver_check import TOLERANCE, SolverCheck, check_solver
from tests.conftest import complaint


def test_float64_alone_decides():
    near, far = {"content": 0.0, "rot000": TOLERANCE}, {"content": 0.0, "rot000": 1.1 * TOLERANCE}
    assert SolverCheck(near, far, far, {"rot000": 0.1}).equal
    assert not SolverCheck(far, near, near, {"rot000": 0.1}).equal
    assert not SolverCheck({"rot000": float("nan")}, near, near, {"rot000": 0.1}).equal


def test_in_float64_a_picture_is_that_of_float32_but_for_rounding(encoder, content, style):
    method = DFR(rotations=(0, 90), solver=Adam(iterations=1, counter_steps=4))
    exact = Encoder(encoder.weights, precision="fp64")
    ours = method.stylize(content, style, encoder)
    wide = method.stylize(content, style, exact)
    for mode, picture in ours.pictures.items():
        assert wide.pictures[mode].dtype == torch.float64
        # One step: rounding decides only where the slope is about zero.
        assert float((wide.pictures[mode] - picture).abs().median()) < 1e-6
        assert wide.curves[mode][0] == pytest.approx(ours.curves[mode][0], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--peers", "/no/such/python"], "is no Python that can be run"),
        (["--peers", sys.executable], "the loop in TensorFlow stopped: ModuleNotFoundError"),
        (["--size", "8"], "too small"),
        (["a.png"], "name a content and a style"),
        (["a.png", "b.png"], "no such file"),
    ],
)
def test_bad_input_is_one_line(dfr, arguments, words):
    assert words in complaint(dfr("check-solver", *arguments))


@pytest.fixture(scope="module")
def tensorflow() -> Path:
    looks = [PEERS, "-c", "import tensorflow"]
    if not PEERS.exists() or subprocess.run(looks, check=False, capture_output=True).returncode:
        pytest.skip("no TensorFlow here (`tox -e peers` brings one)")
    return PEERS


@pytest.mark.slow
def test_the_published_solver_makes_tensorflow_s_pictures_and_a_variant_does_not(
    tensorflow, encoder, files
):
    def check(method: DFR | None) -> SolverCheck:
        return check_solver(
            files / "content.png", files / "style.png", (32, 40), encoder.weights, tensorflow, 5,
            method,
        )  # fmt: skip

    assert check(None).equal
    own = DFR()
    own_counter = dataclasses.replace(own, solver=dataclasses.replace(own.solver, counter_steps=1))
    assert not check(own_counter).equal
