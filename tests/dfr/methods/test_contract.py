"""``dfr check-method`` finds what breaks the contract, and finds nothing where nothing does."""

from __future__ import annotations

import pytest
import torch

from dfr.core.errors import UserError
from dfr.methods.contract import check_method, pictures
from tests.conftest import complaint


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("dfr", {"rotations": (90,), "iterations": 1}),
        ("gatys", {"start": "noise", "iterations": 1}),
        ("decormst", {"statistics": ("gram",)}),
        ("feedforward", {"strengths": (0.5, 1)}),
    ],
)
def test_every_method_keeps_it(encoder, name, settings):
    checks = list(check_method(name, settings, encoder))
    assert len(checks) == 11
    assert [check.what for check in checks if not check.kept] == []


@pytest.mark.usefixtures("example")
def test_the_command_says_so_a_line_for_each_check(dfr):
    done = dfr("check-method", "recolour", "--set", "strength=0.5", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 11 and all(line.startswith("kept  ") for line in lines)
    assert "did you mean strength" in complaint(
        dfr("check-method", "recolour", "--set", "stength=1")
    )
    assert "unknown method" in complaint(dfr("check-method", "nothing"))


FUNCTION = "import torch\ndef bad(content, style):\n    {}\n"
#: What is wrong -> the function, the check that finds it, and its words.
BROKEN = {
    "raises": (
        FUNCTION.format("raise ValueError('no luck')"), "runs, with", "ValueError: no luck",
    ),
    "out of range": (FUNCTION.format("return content + 0.5"), "runs, with", "clamp them to [0, 1]"),
    "not finite": (
        FUNCTION.format("return content / 0 * 0"), "runs, with", "is not finite",
    ),
    "random by itself": (
        "import random\n" + FUNCTION.format("return content * random.random()"),
        "same seed", "draw random numbers from the seed",
    ),
    "large pictures only": (
        FUNCTION.format("assert content.shape[-1] > 40, 'too small'; return content"),
        "small pictures", "AssertionError: too small; raise a UserError",
    ),
    "styles of its own size only": (
        FUNCTION.format("return (content + style) / 2"), "style of another size", "must match",
    ),
    "seeds": (
        "def bad(content, style, *, seed):\n    return content / (1 - seed)\n",
        "another seed", "with seed 1 it gives",
    ),
    "a mode that is no file": (
        "from dfr.methods.feed_forward import feed_forward\n"
        "@feed_forward(modes=('a/b',))\ndef bad(content, style): return content\n",
        "names of the outputs", "is no name for a file",
    ),
    "a mode twice": (
        "from dfr.methods.feed_forward import feed_forward\n"
        "@feed_forward(modes=('a', 'a'))\ndef bad(content, style): return {'a': content}\n",
        "names of the outputs", "stands there twice",
    ),
    "settings": (
        "def bad(content, style, *, much: float = float('inf')): return content\n",
        "settings can be", "cannot be written as JSON",
    ),
    "input": (
        "from dataclasses import dataclass\n"
        "from dfr.methods.optimisation import OptimisationMethod\n"
        "from dfr.methods.problem import Problem\n"
        "from dfr.objective.objective import shared_objective\n"
        "from dfr.solvers.adam import Adam\n"
        "@dataclass(frozen=True)\n"
        "class bad(OptimisationMethod):\n"
        "    name = 'bad'\n"
        "    solver: Adam = Adam(iterations=1)\n"
        "    modes = ('bad',)\n"
        "    def problem(self, content, style, encoder, seed=0):\n"
        "        objective = shared_objective(content, style, encoder)\n"
        "        return Problem(content.sub_(0.1).clamp_(0, 1), objective, encoder, {'bad': 0})\n",
        "leaves its input", "changes the content picture in place",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found(package, encoder, case):
    code, what, words = BROKEN[case]
    package("bad", {"dfr.methods": {"bad": "bad"}}, code)
    found = [check for check in check_method("bad", {}, encoder) if not check.kept]
    assert any(what in check.what and words in check.told for check in found), found


def test_a_broken_contract_ends_with_2(package, dfr):
    package("bad", {"dfr.methods": {"bad": "bad"}}, FUNCTION.format("return content[:, :1]"))
    done = dfr("check-method", "bad", "--device", "cpu")
    assert "breaks its contract: 1 of the checks" in complaint(done)
    last = done.stdout.splitlines()[-1]
    assert last.startswith("BROKEN  runs, with the outputs") and "not the content's" in last


def test_a_size_that_is_refused_in_words_is_kept(package, encoder):
    package(
        "large",
        {"dfr.methods": {"large": "large"}},
        "from dfr.core.errors import UserError\n"
        "def large(content, style):\n"
        "    if content.shape[-1] < 40: raise UserError('large needs 40 pixels')\n"
        "    return content\n",
    )
    small = [check for check in check_method("large", {}, encoder) if "small" in check.what]
    assert small[0].kept and "large needs 40 pixels" in small[0].told


def test_the_pictures_are_pictures():
    for picture in pictures(49, 67):
        assert picture.shape == (1, 3, 49, 67) and picture.dtype == torch.float32
        assert 0 <= float(picture.min()) < 0.1 and 0.9 < float(picture.max()) <= 1


def test_settings_that_it_does_not_take(encoder):
    with pytest.raises(UserError, match="unknown setting"):
        list(check_method("gatys", {"rotations": (0,)}, encoder))
