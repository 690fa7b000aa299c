"""The parts about the device itself: the machine, equality with the CPU, seconds of a step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional

from baselines.decormst import DeCorMST
from dfr.core.devices import convolving
from dfr.core.provenance import environment
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.network.weights import CONVOLUTIONS
from dfr.objective.objective import joined
from dfr.objective.published_size import DFR_SIZE
from dfr.objective.style_terms import STYLE_TERMS
from dfr.solvers.adam import Adam, State, step_taker
from dfr.solvers.synthesis import synthesise
from eval.speed.gpu.bench import Bench, objective_of


def machine(bench: Bench) -> None:
    """Say what this machine is."""
    told = environment(bench.device)
    if bench.device.type == "cuda":
        told["memory_gb"] = torch.cuda.get_device_properties(bench.device).total_memory / 1e9
    bench.log.row("machine", **told)


def equality(bench: Bench) -> None:
    """Compare the device's losses with the CPU's: 20 iterations, all style terms, float32."""
    size = bench.shape(DFR_SIZE, 116)
    content, style = bench.pair(bench.pairs[0], size)
    curves = {}
    every_term = DeCorMST(channels="correct", statistics=tuple(STYLE_TERMS))
    for name, place in (("device", bench.device), ("cpu", torch.device("cpu"))):
        encoder = Encoder(bench.loaded, channels_last=place.type == "cpu").to(place)
        pictures = content.to(place), style.to(place)
        objective = joined(
            [
                objective_of(DFR(), *pictures, encoder),
                objective_of(every_term, *pictures, encoder),
            ]
        )
        start = pictures[0].repeat(len(objective.terms), 1, 1, 1)
        curves[name] = synthesise(start, objective, encoder, Adam(iterations=20)).curve
    names = [*DFR().modes, *every_term.modes]
    for row, name in enumerate(names):
        here, there = curves["device"][row], curves["cpu"][row]
        difference = ((here - there).abs() / there.abs().clamp_min(1e-30)).tolist()
        bench.log.row("equality", output=name, relative=difference, last=float(there[-1]))


def steps(bench: Bench) -> None:
    """Time one iteration: sizes, outputs, precisions, layouts, eager and as a graph."""
    full, half = bench.shape(DFR_SIZE), bench.shape(DFR_SIZE, 256)
    cases: list[tuple[tuple[int, int], int, str, bool, bool]] = []
    for precision in ("fp32", "tf32", "bf16"):
        cases += [(full, 4, precision, layout, True) for layout in (True, False)]
    for rows in (1, 4, 16, 32):
        cases += [(half, rows, precision, True, True) for precision in ("tf32", "bf16")]
    cases += [(full, rows, "tf32", True, True) for rows in (1, 2, 8, 16)]
    cases += [(full, rows, "bf16", True, True) for rows in (1, 16)]
    cases += [(half, 4, "tf32", True, False), (full, 4, "tf32", True, False)]
    for size, rows, precision, layout, graph in cases:
        content, style = bench.pair(bench.pairs[0], size)
        encoder = bench.encoder(precision, layout).with_graphs(graph)
        one = objective_of(DFR(), content, style, encoder)
        objective = joined([one] * max(1, rows // 4)) if rows >= 4 else one.rows(range(rows))
        state = State(content.repeat(rows, 1, 1, 1), objective, encoder, Adam(iterations=1000))
        step = step_taker(state)
        if bench.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        for _ in range(6):
            step()
        count = bench.count(20)
        seconds = bench.seconds(partial(_repeat, step, count))
        bench.log.row(
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
        bench.log.row("steps", size=size, rows=1, precision="fp32", plain=True,
                       seconds=seconds / count)  # fmt: skip


def _repeat(step: Callable[[], None], count: int) -> None:
    for _ in range(count):
        step()


def plain_step(bench: Bench, size: tuple[int, int]) -> Callable[[], None]:
    """Return one step of one picture as one would first write it in PyTorch."""
    content, style = bench.pair(bench.pairs[0], size)
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

    with torch.no_grad(), convolving(tf32=False):
        targets, kept = grams(features(style)), features(content)[CONTENT_LAYERS[0]]
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=0.02, betas=(0.99, 0.999), eps=0.1)

    @convolving(tf32=False)
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
