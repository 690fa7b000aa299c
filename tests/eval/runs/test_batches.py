"""Cells that are made together: which, and that they are the cells that are made one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfr.core.errors import UserError
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from dfr.methods import optimisation
from eval.data.dataset import Picture, open_dataset
from eval.runs import cell
from eval.runs.batches import CellsAtOnce, batches_of, cells_in
from eval.runs.cell import make_cells, stylize_pairs
from eval.runs.executor import Job
from eval.runs.profiles import MethodEntry
from eval.runs.store import RunStore
from eval.runs.tools import Tools
from tests.eval.conftest import SMALL_CELLS, begun_with, make_run
from tests.eval.runs.test_runner import same_run

ENTRIES = {
    label: MethodEntry(label=label, title=label, method=method, settings=settings)
    for label, method, settings in (
        ("two", "dfr", {"rotations": [0, 90], "iterations": 1}),
        ("merged", "dfr", {"merge": True, "iterations": 2}),
        ("five", "decormst", {"iterations": 1}),
        ("none", "feedforward", {}),
    )
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> list[tuple[Picture, Picture]]:
    dataset = open_dataset(None, None, tmp_path_factory.mktemp("drawn"), 2, 3)
    return list(dataset.pairs)


@pytest.fixture(scope="module")
def tools(encoder, pairs) -> Tools:
    images = ImageSettings(Size.parse("32x40"))
    return Tools.make(
        encoder.weights, "fp32", torch.device("cpu"), {}, 0, [pairs[0][0].path], images
    )


@given(
    labels=st.lists(st.sampled_from(sorted(ENTRIES)), max_size=20),
    most=st.fixed_dictionaries({label: st.integers(1, 4) for label in ENTRIES}),
)
def test_every_job_is_in_one_batch_of_its_method_and_none_is_too_large(pairs, labels, most):
    jobs = [Job(*pairs[place % len(pairs)], ENTRIES[label]) for place, label in enumerate(labels)]
    place_of = {id(job): place for place, job in enumerate(jobs)}
    batches = list(batches_of(jobs, lambda job: most[job.entry.label]))
    assert sorted(id(job) for batch in batches for job in batch.jobs) == sorted(map(id, jobs))
    for batch in batches:
        assert {job.entry.label for job in batch.jobs} == {batch.entry.label}
        assert len(batch.jobs) <= most[batch.entry.label]
        places = [place_of[id(job)] for job in batch.jobs]
        assert places == sorted(places)
    for label in set(labels):  # as few as can be
        mine = [batch for batch in batches if batch.entry.label == label]
        assert len(mine) == -(-labels.count(label) // most[label])


def test_contents_of_another_size_are_not_in_one_batch(files, pairs):
    small = Picture("small", files / "content.png", "")
    jobs = [Job(content, pairs[0][1], ENTRIES["two"]) for content in (pairs[0][0], small)]
    assert [len(batch.jobs) for batch in batches_of(jobs, lambda _: 9)] == [1, 1]


@pytest.mark.parametrize(
    ("label", "size", "expected"),
    [("two", "32x40", 51 // 2), ("five", "32x40", 51 // 5), ("none", "32x40", 1),
     ("two", "128x256", 1), ("two", "300x300", 1)],
)  # fmt: skip
def test_as_many_as_one_pass_takes(tools, pairs, label, size, expected):
    """2**16 pixels; a method that optimises nothing has no batch."""
    here = Tools(**{**vars(tools), "images": ImageSettings(Size.parse(size))})
    assert CellsAtOnce(here, torch.device("cpu"))(Job(*pairs[0], ENTRIES[label])) == expected


def test_modes_that_are_computed_once_count_once(tools, pairs):
    assert CellsAtOnce(tools, torch.device("cpu"))(Job(*pairs[0], ENTRIES["merged"])) == 51 // 2


@given(free=st.floats(1, 1e12), each=st.floats(0, 1e12))
def test_memory_is_never_overdrawn_but_by_a_single_cell(free, each):
    cells = cells_in(free, each)
    assert cells == 1 or cells * each <= free


def test_a_run_made_together_is_the_one_made_one_by_one(small_run, small_profile, tmp_path):
    out = begun_with(small_run, tmp_path / "alone")
    alone = make_run(small_profile, out, together=False)
    same_run(small_run, tmp_path / "alone")
    beside = {
        path: json.loads(path.read_text())["cost"]["rows_beside"]
        for run in (small_run, alone.folder)
        for path in run.glob("cells/*/*/*/cell.json")
    }
    assert len(beside) == 2 * SMALL_CELLS
    for path, rows in beside.items():
        shared = Path(small_run) in path.parents and path.parent.name != "feedforward"
        assert rows == ({"dfr": 2, "half": 1}[path.parent.name] if shared else 0)


def test_seconds_of_a_batch_are_shares(small_run):
    """Both pairs have as many rows, so they have the same seconds of the loop."""
    loops = [
        cell["cost"]["seconds"] - cell["cost"]["seconds_targets"]
        for cell in RunStore.open(small_run).cells()
        if cell["label"] == "dfr"
    ]
    assert len(loops) == 2
    assert loops[0] == pytest.approx(loops[1])


def test_a_batch_that_does_not_fit_is_halved(tools, pairs, monkeypatch):
    """Torch's own message, raised where more than two pairs are asked for."""
    whole = optimisation.stylize_together

    def short(requests, *rest):
        if len(requests) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return whole(requests, *rest)

    monkeypatch.setattr(cell, "stylize_together", short)
    paths = [(content.path, style.path) for content, style in pairs[:5]]
    told: list[str] = []
    entry = ENTRIES["two"]
    made = list(stylize_pairs(paths, entry, tools, tell=told.append))
    # 5 in 2 and 3; 3 in 1 and 2.
    assert [each.result.rows_beside for each in made] == [2, 2, 0, 2, 2]
    assert [line.split(" do not fit")[0] for line in told] == ["5 pairs", "3 pairs"]
    for each, pair in zip(made, paths, strict=True):
        (alone,) = stylize_pairs([pair], entry, tools)
        for mode, picture in alone.result.pictures.items():
            assert torch.equal(each.result.pictures[mode], picture)


def test_a_pair_that_does_not_fit_is_one_line(tools, pairs, monkeypatch):
    def short(*_):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(cell, "stylize_together", short)
    paths = [(content.path, style.path) for content, style in pairs[:2]]
    with pytest.raises(UserError, match="not enough memory; choose a smaller --size"):
        list(make_cells(paths, ENTRIES["two"], tools))
