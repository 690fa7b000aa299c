"""The contracts on imports refuse what they are there to refuse; a wheel holds what it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT


def only_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not (name.endswith(".py") or (Path(folder) / name).is_dir())]


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("dfr/methods/rotation.py", "import eval.runs", "The packages stand on one another"),
        ("dfr/core/files.py", "def f(): import dfr.solvers", "The rooms of dfr stand on one"),
        ("dfr/network/weights.py", "import dfr.network.lpips", "No cycles"),
    ],
)
def test_an_import_the_wrong_way_is_refused(tmp_path, module, line, contract):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("dfr", "baselines", "eval", "studies", "reports"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=only_modules)
    with (tmp_path / module).open("a") as stream:
        stream.write(f"\n{line}\n")
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=tmp_path, env={}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    broken = [told for told in done.stdout.splitlines() if told.endswith(" BROKEN")]
    assert any(told.startswith(contract) for told in broken), done.stdout


def test_a_wheel_holds_every_file_that_the_code_reads():
    """Templates, tables, profiles, words: whatever stands beside the code, but for texts."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = told["tool"]["setuptools"]["package-data"]
    for package in ("dfr", "baselines", "eval", "studies", "reports"):
        packed = {file for pattern in patterns[package] for file in (ROOT / package).glob(pattern)}
        beside = {
            file
            for file in (ROOT / package).rglob("*")
            if file.is_file() and file.suffix not in (".py", ".pyc", ".md", ".jpg")
        }
        assert beside <= packed, sorted(map(str, beside - packed))
