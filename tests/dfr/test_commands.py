"""The commands on one pair of pictures, run as a user runs them."""

from __future__ import annotations

import hashlib
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

from tests.conftest import complaint

SMALL = ("--size", "32x40", "--iterations", "2")


def test_stylize_writes_all_it_promises(dfr_process, files, tmp_path):
    """In a process of its own: this is what the README tells the reader to run."""
    out = tmp_path / "a" / "b"
    done = dfr_process("stylize", files / "content.png", files / "style.png", *SMALL, "--out", out)
    assert done.returncode == 0, done.stderr
    names = sorted(file.name for file in out.iterdir())
    modes = ["rot000", "rot090", "rot180", "rot270"]
    assert names == ["contact_sheet.png", *(f"{mode}.png" for mode in modes), "stylization.json"]
    told = json.loads((out / "stylization.json").read_text())
    assert list(told["outputs"]) == modes == list(told["loss_curve"]) == list(told["losses"])
    for mode in modes:
        picture = out / f"{mode}.png"
        assert Image.open(picture).size == (40, 32)
        assert told["outputs"][mode]["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
        assert len(told["loss_curve"][mode]) == 3
    assert told["settings"]["reading"] == "code"
    assert told["settings"]["solver"] == {
        "iterations": 2, "lr": 0.02, "beta1": 0.99, "beta2": 0.999, "epsilon": 0.1,
        "counter_steps": 4, "name": "adam",
    }  # fmt: skip
    assert told["environment"]["libraries"]["torch"]
    assert told["weights"]["sha256"].startswith("c34748d2")
    assert "contact_sheet.png" in done.stdout


def test_the_same_command_gives_the_same_bytes(dfr, files, tmp_path):
    pictures = []
    for folder in ("first", "second"):
        done = dfr("stylize", files / "content.png", files / "style.png", *SMALL,
                   "--seed", 3, "--out", tmp_path / folder)  # fmt: skip
        assert done.returncode == 0, done.stderr
        pictures.append({f.name: f.read_bytes() for f in (tmp_path / folder).glob("*.png")})
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("options", "outputs"),
    [
        (["--method", "gatys"], ["gatys"]),
        (["--method", "gatys", "--start", "noise", "--samples", "2"], ["noise0", "noise1"]),
        (["--method", "decormst", "--statistics", "gram,cosine"], ["cosine", "gram"]),
        (["--style-term", "sliced-wasserstein,moments"], ["moments", "sliced-wasserstein"]),
        (
            ["--reading", "angle", "--rotations", "0,30", "--weight", "0.5", "--fusion",
             "features", "--precision", "bf16"],
            ["rot000", "rot030"],
        ),
    ],
)  # fmt: skip
def test_every_method_and_option(dfr, files, tmp_path, options, outputs):
    done = dfr("stylize", files / "content.png", files / "style.png", *SMALL, *options,
               "--out", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = sorted(f.stem for f in tmp_path.glob("*.png") if f.stem != "contact_sheet")
    assert found == outputs


def test_the_published_settings_are_recorded_and_change_the_pictures(dfr, tmp_path, files):
    with Image.open(files / "content.png") as picture:
        picture.resize((48, 36)).save(tmp_path / "content.png")
    told, pictures = {}, {}
    for name, options in (
        ("ours", ["--channels", "correct"]),
        ("published", ["--resizing", "published", "--saving", "published"]),
    ):
        done = dfr("stylize", tmp_path / "content.png", files / "style.png", "--method", "decormst",
                   "--statistics", "gram", "--size", "native", "--iterations", "1", *options,
                   "--out", tmp_path / name)  # fmt: skip
        assert done.returncode == 0, done.stderr
        told[name] = json.loads((tmp_path / name / "stylization.json").read_text())
        pictures[name] = (tmp_path / name / "gram.png").read_bytes()
    settings = {
        name: (each["resizing"], each["saving"], each["settings"]["channels"])
        for name, each in told.items()
    }
    assert settings == {"ours": ("antialias", "nearest", "correct"),
                        "published": ("published",) * 3}  # fmt: skip
    assert told["ours"]["size"] == told["published"]["size"] == [36, 48]
    assert pictures["ours"] != pictures["published"]


def test_the_fast_solver_computes_one_objective_once_and_says_so(dfr, files, tmp_path):
    command = ("stylize", files / "content.png", files / "style.png", "--size", "32x40")
    fast = (*command, "--solver", "fast", "--iterations", "4", "--out", tmp_path / "fast")
    done = dfr(*fast)
    assert done.returncode == 0, done.stderr
    assert "rot180 asks for the same picture as rot000: computed once" in done.stdout
    told = json.loads((tmp_path / "fast" / "stylization.json").read_text())
    assert told["same_as"] == {"rot180": "rot000", "rot270": "rot090"}
    assert told["settings"]["solver"]["name"] == "fast"
    all_four = dfr(*fast[:-1], tmp_path / "four", "--no-merge", "--iterations", "1")
    assert all_four.returncode == 0, all_four.stderr
    assert json.loads((tmp_path / "four" / "stylization.json").read_text())["same_as"] == {}


def test_modes_counts_two_of_four(dfr, files):
    done = dfr("modes", files / "content.png", files / "style.png", "--size", 64)
    assert "4 modes, 2 distinct" in done.stdout
    assert "the same objective: rot000, rot180" in done.stdout
    told = json.loads(
        dfr("modes", files / "content.png", files / "style.png", "--size", 64, "--json",
            "--reading", "spatial").stdout
    )  # fmt: skip
    assert told["distinct"] == 1
    assert told["same_objective"] == [["rot000", "rot090", "rot180", "rot270"]]


def test_lpips(dfr, shared_pictures):
    folder = shared_pictures / "lpips"
    assert dfr("lpips", folder / "ex_ref.png", folder / "ex_p0.png").stdout == "0.722\n"
    assert dfr("lpips", folder / "ex_ref.png", folder / "ex_p1.png").stdout == "0.138\n"


def test_lpips_of_two_sizes(dfr, files, tmp_path):
    Image.new("RGB", (50, 50)).save(tmp_path / "other.png")
    assert "one size" in complaint(dfr("lpips", files / "content.png", tmp_path / "other.png"))


BAD = {
    "missing file": (["nothing.png"], {}, "no such file"),
    "folder": (["."], {}, "is a folder"),
    "lambda above": ([], {"--weight": "1.5"}, "lambda"),
    "lambda below": ([], {"--weight": "-0.5"}, "lambda"),
    "lambda nan": ([], {"--weight": "nan"}, "lambda"),
    "rotation": ([], {"--rotations": "0,85"}, "nearest is 90"),
    "rotation text": ([], {"--rotations": "0,ninety"}, "not a number"),
    "reading": ([], {"--reading": "spacial"}, "did you mean spatial"),
    "method": ([], {"--method": "decormts"}, "did you mean decormst"),
    "option of another method": ([], {"--method": "gatys", "--weight": "1"}, "unknown setting"),
    "size": ([], {"--size": "16"}, "at least 32"),
    "size text": ([], {"--size": "big"}, "HEIGHTxWIDTH"),
    "resizing": ([], {"--resizing": "antialised"}, "did you mean antialias"),
    "saving": ([], {"--saving": "down"}, "known are nearest, published"),
    "channels": ([], {"--method": "decormst", "--channels": "wrong"}, "known are published"),
    "channels of another method": ([], {"--channels": "published"}, "unknown setting"),
    "iterations": ([], {"--iterations": "0"}, "at least 1"),
    "solver": ([], {"--solver": "fats"}, "did you mean fast"),
    "precision": ([], {"--precision": "bf8"}, "did you mean bf16"),
    "device": ([], {"--device": "gpu"}, "known are auto"),
    "weights": ([], {"--weights": "nothing.pth"}, "no such weights file"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(dfr, files, tmp_path, case):
    names, options, message = BAD[case]
    content = names[0] if names else files / "content.png"
    arguments = {"--size": "32x40", "--iterations": "2", "--out": str(tmp_path / "out"), **options}
    flat = [part for option in arguments.items() for part in option]
    done = dfr("stylize", content, files / "style.png", *flat, cwd=tmp_path)
    assert message in complaint(done)
    assert not list(tmp_path.rglob("*.*"))


def test_out_that_is_a_file(dfr, files, tmp_path):
    (tmp_path / "taken").write_text("mine")
    done = dfr("stylize", files / "content.png", files / "style.png", *SMALL, "--out",
               tmp_path / "taken")  # fmt: skip
    assert "is a file" in complaint(done)
    assert (tmp_path / "taken").read_text() == "mine"


def test_out_that_cannot_be_written(dfr, files):
    done = dfr("stylize", files / "content.png", files / "style.png", *SMALL, "--out", "/proc/x")
    assert "cannot write here" in complaint(done)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 32 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip("may not mount a small file system here (needs root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(dfr, files, tiny_disk):
    done = dfr("stylize", files / "content.png", files / "style.png", "--size", "96x120",
               "--iterations", 1, "--out", tiny_disk)  # fmt: skip
    assert "disk is full" in complaint(done)
    assert not [file for file in tiny_disk.iterdir() if file.name.startswith(".")]
    for file in tiny_disk.glob("*.png"):
        np.asarray(Image.open(file))  # what is there is whole


def test_set_gives_any_setting_as_profiles_do(dfr, files, tmp_path):
    command = ("stylize", files / "content.png", files / "style.png", "--size", "32x40")
    words = ("rotations=[0, 90]", "reading = code", "balanced=true", "rotation_weight=0.5",
             'solver={ name = "lbfgs", history = 5 }', "iterations=1",
             "loss_weights = { variation = 2 }")  # fmt: skip
    options = [part for word in words for part in ("--set", word)]
    done = dfr(*command, *options, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "stylization.json").read_text())["settings"]
    assert told["rotations"] == [0, 90] and told["balanced"] is True
    assert told["rotation_weight"] == 0.5
    assert told["solver"] == {"iterations": 1, "history": 5, "name": "lbfgs"}
    assert told["loss_weights"] == {"content": 1e4, "style": 1e-2, "variation": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "rotation_wieght=1"], "did you mean rotation_weight"),
        (["--set", "rotation_weight=much"], "setting 'rotation_weight': Input should be a valid"),
        (["--set", "rotations=90"], "setting 'rotations'"),
        (["--set", "rotations"], "write KEY=VALUE"),
        (["--set", "=1"], "write KEY=VALUE"),
        (["--set", "reading="], "write KEY=VALUE"),
        (["--set", "reading=code", "--set", "reading=paper"], "reading is set twice"),
        (["--set", "reading=code", "--reading", "paper"], "an option of its own sets that too"),
        (["--set", "reading=spacial"], "did you mean spatial"),
    ],
)
def test_a_wrong_set_is_one_line(dfr, files, tmp_path, options, message):
    done = dfr("stylize", files / "content.png", files / "style.png", "--size", "32x40", *options,
               "--out", tmp_path / "out")  # fmt: skip
    assert message in complaint(done)
    assert not list(tmp_path.iterdir())
