"""Packages of somebody else's: that of dfr/methods/ADDING.md, installed by pip, and others."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, made_once

PAGE = ROOT / "dfr" / "methods" / "ADDING.md"


def blocks(language: str) -> list[str]:
    """Return the page's blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def install(folder: Path) -> None:
    """Install the page's package into a folder.

    The wheel is the one that setuptools would build, which is not everywhere where tests run.
    """
    project = tomllib.loads(blocks("toml")[0])
    files = _files(
        project["project"]["name"],
        project["project"]["entry-points"],
        project["tool"]["setuptools"]["py-modules"][0],
        "\n\n".join(blocks("python")),
    )
    info = next(name.partition("/")[0] for name in files if "/" in name)
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    wheel = folder / f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    options = ("--quiet", "--no-index", "--no-deps", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", folder / "site", wheel]
    subprocess.run(command, check=True, capture_output=True, text=True)


def lay_out(folder: Path, name: str, points: Mapping[str, Mapping[str, str]], code: str) -> None:
    """Put a package of one module into a folder as if it were installed there.

    Args:
        folder: on the path.
        name: of the package; its module has the same with ``_`` for ``-``.
        points: group -> name -> object of the module.
        code: of the module.
    """
    module = name.replace("-", "_")
    full = {
        group: {key: f"{module}:{value}" for key, value in names.items()}
        for group, names in points.items()
    }
    for file, text in _files(name, full, module, code).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _files(name: str, points: Mapping[str, Mapping[str, Any]], module: str, code: str):
    """Return what an installed package consists of: path -> text."""
    info = f"{name.replace('-', '_')}-0.1.0.dist-info"
    lines = [
        line
        for group, names in points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in names.items()))
    ]
    return {
        f"{module}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "\n".join(lines) + "\n",
    }


@pytest.fixture(scope="session")
def example_site(tmp_path_factory):
    """The folder into which the package of dfr/methods/ADDING.md is installed."""
    return made_once(tmp_path_factory, "example", install) / "site"


@pytest.fixture
def example(example_site, monkeypatch) -> Iterator[None]:
    """That package, to be found."""
    monkeypatch.syspath_prepend(example_site)
    yield
    sys.modules.pop("dfr_example", None)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Lay out a package of one module and make it to be found."""
    names = []

    def make(name: str, points: Mapping[str, Mapping[str, str]], code: str) -> None:
        lay_out(tmp_path / name, name, points, code)
        monkeypatch.syspath_prepend(tmp_path / name)
        names.append(name.replace("-", "_"))

    yield make
    for name in names:
        sys.modules.pop(name, None)
