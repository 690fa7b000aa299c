from __future__ import annotations

import pytest

from reports.inputs import published_size
from reports.inputs.run_data import read_run
from reports.tables import scale


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


@pytest.fixture
def no_tables(monkeypatch, tmp_path):
    """As if nothing had been measured at the published size."""
    monkeypatch.setattr(published_size, "FOLDER", tmp_path)
    monkeypatch.setattr(scale, "TABLE", tmp_path / "scale_conclusions.csv")
    scale.conclusions.cache_clear()
    yield tmp_path
    scale.conclusions.cache_clear()
