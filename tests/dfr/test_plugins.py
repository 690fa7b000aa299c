"""What other packages bring is found, named, run, and refused in one line where it is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from dfr.core.errors import UserError
from dfr.core.plugins import plugin
from dfr.methods.method import settings_of
from dfr.methods.registry import METHODS, build, packages_of
from dfr.objective.style_terms import style_term
from tests.conftest import complaint
from tests.packages import lay_out

STYLIZE = ("--size", "32x40", "--device", "cpu")


@pytest.mark.usefixtures("example")
def test_a_package_is_listed_and_not_imported(dfr):
    done = dfr("methods")
    assert done.returncode == 0, done.stderr
    listed = [line for line in done.stdout.splitlines() if "recolour" in line]
    assert "dfr-example 0.1.0" in listed[0] and "the mean and the deviation" in listed[0]
    assert "dfr-suite" in next(line for line in done.stdout.splitlines() if "gatys" in line)
    for name in ("darkness", "channel-means", "descent"):
        assert name in done.stdout
    assert "dfr_example" not in sys.modules


def test_listing_loads_no_torch(example_site):
    code = "import dfr.cli, sys; dfr.cli.main(['methods'])"
    program = f"try:\n {code}\nfinally:\n assert not {{'torch', 'dfr_example'}} & set(sys.modules)"
    path = os.pathsep.join([str(example_site), *sys.path])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": path}, check=False)  # fmt: skip
    assert done.returncode == 0 and "recolour" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("options", "outputs", "packages"),
    [
        (["--method", "recolour"], {"recolour"}, {"method recolour"}),
        (["--method", "blur"], {"once", "twice"}, {"method blur"}),
        (
            ["--method", "brightness", "--solver", "descent", "--iterations", "2"],
            {"brightness"},
            {"method brightness", "solver descent"},
        ),
        (
            ["--style-term", "channel-means,gram", "--iterations", "1"],
            {"channel-means", "gram"},
            {"style term channel-means"},
        ),
    ],
    ids=lambda options: options[1] if isinstance(options, list) else None,
)
@pytest.mark.usefixtures("example")
def test_every_kind_is_run_by_stylize_and_named(dfr, files, tmp_path, options, outputs, packages):
    done = dfr("stylize", files / "content.png", files / "style.png", *STYLIZE, *options,
               "--out", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "stylization.json").read_text())
    assert set(told["outputs"]) == outputs
    assert told["packages"] == dict.fromkeys(packages, "dfr-example 0.1.0")


@pytest.mark.usefixtures("example")
def test_settings_are_typed_as_the_function_says():
    assert settings_of(build("recolour", {"strength": "0.5"})) == {"strength": 0.5}
    with pytest.raises(UserError, match=r"method 'recolour', setting 'strength': .* valid number"):
        build("recolour", {"strength": "much"})
    with pytest.raises(UserError, match="did you mean strength"):
        build("recolour", {"strenght": 1})


@pytest.mark.usefixtures("example")
def test_a_solver_of_a_package_takes_its_settings_and_iterations():
    solver = {"name": "descent", "rate": 0.5}
    told = settings_of(build("dfr", {"solver": solver, "iterations": 3}))
    assert told["solver"] == {"iterations": 3, "rate": 0.5, "name": "descent"}
    assert settings_of(build("dfr", {"solver": told["solver"]})) == told
    assert packages_of("dfr", told) == {"solver descent": "dfr-example 0.1.0"}


def test_a_network_is_loaded_once_and_outside_of_the_seconds(
    package, content, style, encoder, monkeypatch
):
    package(
        "slow-one",
        {"dfr.methods": {"slow": "slow"}},
        "from dfr.methods.feed_forward import feed_forward\n"
        "clock = [0.0]\n"
        "def load(device): clock[0] += 100\n"
        "@feed_forward(load=load)\n"
        "def slow(content, style, *, network):\n"
        "    clock[0] += 1\n"
        "    return content\n",
    )
    method = build("slow", {})
    clock = sys.modules["slow_one"].clock
    monkeypatch.setattr("dfr.methods.feed_forward.time.perf_counter", lambda: clock[0])
    assert [method.stylize(content, style, encoder).seconds for _ in range(2)] == [1, 1]
    assert clock == [102]


def test_a_function_of_arrays_needs_nothing_of_this_suite(package, content, style, encoder):
    package(
        "arrays",
        {"dfr.methods": {"mirrored": "mirrored"}},
        "import numpy as np\n"
        "def mirrored(content, style): return np.asarray(content)[..., ::-1].copy()\n",
    )
    picture = build("mirrored", {}).stylize(content, style, encoder).pictures["mirrored"]
    assert picture.equal(content.flip(-1))


def test_the_seed_is_given(package, content, style, encoder):
    package(
        "grainy",
        {"dfr.methods": {"own": "own", "torchs": "torchs"}},
        "import torch\n"
        "def own(content, style, *, seed): return content * 0 + seed / 10\n"
        "def torchs(content, style): return torch.rand_like(content)\n",
    )
    assert float(build("own", {}).stylize(content, style, encoder, 4).pictures["own"].max()) == (
        pytest.approx(0.4)
    )
    one, same, other = (
        build("torchs", {}).stylize(content, style, encoder, seed).pictures["torchs"]
        for seed in (1, 1, 2)
    )
    assert one.equal(same) and not one.equal(other)


#: What is wrong -> the function's body, and the words of the complaint.
WRONG = {
    "raises": ("raise ValueError('no luck')", "failed: ValueError: no luck (", "bad.py, line 2"),
    "out of range": ("return content * 2 - 1", "values from", "clamp them to [0, 1]"),
    "another size": ("return content[..., 1:]", "shape (1, 3, 32, 39)", "(1, 3, 32, 40)"),
    "no picture": ("return 'painted'", "gives a str", "no tensor"),
    "another mode": ("return {'other': content}", "announces the outputs bad", "gives other"),
    "too many": ("return {'bad': content, 'b': content}", "announces the outputs bad", "bad, b"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_method_that_breaks_the_contract_is_one_line(package, dfr, files, tmp_path, case):
    body, *words = WRONG[case]
    code = f"def bad(content, style):\n    {body}\n"
    package("bad", {"dfr.methods": {"bad": "bad"}}, code)
    done = dfr("stylize", files / "content.png", files / "style.png", *STYLIZE, "--method", "bad",
               "--out", tmp_path / "out")  # fmt: skip
    told = complaint(done)
    assert all(word in told for word in words), told
    assert not list((tmp_path / "out").glob("*.*"))


def test_an_output_that_is_not_finite_has_failed(package, dfr, files, tmp_path):
    code = (
        "from dfr.methods.feed_forward import feed_forward\n"
        "@feed_forward(modes=('good', 'bad'))\n"
        "def two(content, style): return {'good': content, 'bad': content * float('nan')}\n"
    )
    package("two", {"dfr.methods": {"two": "two"}}, code)
    done = dfr("stylize", files / "content.png", files / "style.png", *STYLIZE, "--method", "two",
               "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == "dfr: bad: a value of its picture is not finite"
    assert (tmp_path / "out" / "good.png").exists()


def test_a_package_that_cannot_be_imported_is_one_line(package, dfr, files, tmp_path):
    package("broken", {"dfr.methods": {"broken": "f"}}, "import nothing_of_this_name\n")
    told = complaint(dfr("stylize", files / "content.png", files / "style.png", *STYLIZE,
                         "--method", "broken", "--out", tmp_path / "out"))  # fmt: skip
    assert "method 'broken' of broken 0.1.0 cannot be imported" in told
    assert "nothing_of_this_name" in told and "line 1" in told
    assert "broken 0.1.0" in dfr("methods").stdout


def test_a_name_that_is_taken_is_refused_and_both_are_named(package, dfr):
    for name in ("first", "second"):
        package(name, {"dfr.methods": {"mine": "f", "gatys": "f"}}, "def f(content, style): pass\n")
    with pytest.raises(UserError, match=r"'mine' is brought by first 0\.1\.0 and by second 0\.1"):
        plugin("method", "mine", METHODS)
    with pytest.raises(UserError, match=r"'gatys' is brought by this suite and by first 0\.1\.0"):
        build("gatys", {})
    assert build("dfr", {})
    done = dfr("methods")
    assert done.returncode == 2
    assert [line.split("'")[1] for line in done.stderr.strip().splitlines()] == ["gatys", "mine"]
    assert "feedforward" in done.stdout and "mine" not in done.stdout


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("thing = 3", "must be a function of two pictures"),
        ("def thing(content): pass", "must take content and style"),
        ("def thing(content, style, *, much): pass", "'much' needs a type and a default"),
        ("def thing(content, style, *, much=1): pass", "'much' needs a type and a default"),
    ],
)
def test_what_is_no_method_is_refused(package, code, words):
    package("things", {"dfr.methods": {"thing": "thing"}}, code)
    with pytest.raises(UserError, match=words):
        build("thing", {})


def test_what_is_no_style_term_and_no_solver_is_refused(package):
    points = {"dfr.style_terms": {"thing": "f"}, "dfr.solvers": {"thing": "f"}}
    package("things", points, "def f(features): return features\n")
    with pytest.raises(UserError, match="must be a StyleTerm of this name"):
        style_term("thing")
    with pytest.raises(UserError, match="must be a frozen dataclass of this name"):
        build("dfr", {"solver": "thing"})


@pytest.mark.usefixtures("example")
def test_an_unknown_name_is_told_with_those_of_packages():
    with pytest.raises(UserError, match=r"did you mean recolour .*known are dfr, .* brightness"):
        build("recolor", {})


def test_an_import_that_hangs_is_named_and_can_be_stopped(tmp_path, files):
    """In a process of its own: Ctrl-C is for a process."""
    code = "print('here', flush=True)\nimport time\nwhile True: time.sleep(0.05)\n"
    lay_out(tmp_path, "sleepy", {"dfr.methods": {"sleepy": "sleepy"}}, code)
    program = "import dfr.core.plugins as p, dfr.cli; p.PATIENCE = 0.1; dfr.cli.main()"
    command = ["stylize", files / "content.png", files / "style.png", "--method", "sleepy"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )  # fmt: skip
    assert process.stderr is not None
    told = process.stderr.readline()
    assert "dfr: waiting for method 'sleepy' of sleepy" in told and "Ctrl-C stops" in told
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "stopped while method 'sleepy' of sleepy" in rest and len(rest.splitlines()) == 1


def test_an_import_that_is_quick_is_not_told(package, capsys, monkeypatch):
    monkeypatch.setattr("dfr.core.plugins.PATIENCE", 30.0)
    code = "def prompt(content, style): return 1\n"
    package("prompt", {"dfr.methods": {"prompt": "prompt"}}, code)
    before = threading.active_count()
    build("prompt", {})
    assert threading.active_count() == before and capsys.readouterr().err == ""
