"""The parts that make published pictures: DeCorMST's, DFR's, its sweep; and precisions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from baselines.decormst import CHANNELS, DeCorMST
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import Stylization
from dfr.objective.gradients import terms_of
from dfr.objective.published_size import DECORMST_SIZE, DFR_SIZE
from eval.published.outputs import DECORMST_PAIR, PublishedPair
from eval.speed.gpu.bench import Bench, objective_of, thinned


def decormst(bench: Bench) -> None:
    """Make DeCorMST's five outputs of its published pair, after 100 and 1000 iterations, float32.

    Once in the published channel order (its network sees RGB with the means of BGR) and once in
    the order of the weights.
    """
    pair = next(pair for pair in bench.pairs if pair.name == DECORMST_PAIR)
    size = bench.shape(DECORMST_SIZE)
    encoder = bench.encoder("fp32")
    for channels in CHANNELS:
        content, style = bench.pair(pair, size)
        for iterations in (100, 1000):
            solver = bench.solver(DeCorMST(), iterations)
            method = DeCorMST(channels=channels, solver=solver)
            result = method.stylize(content, style, encoder)
            _keep(bench, "decormst", f"{pair.name}/{channels}_{iterations}", result,
                  channels=channels, precision=encoder.precision)  # fmt: skip


def published(bench: Bench) -> None:
    """Make all four outputs of every published pair at lambda 1, as published, in TF32."""
    _published(bench, "published", [p for p in bench.pairs if p.rotation_weight == 1], "tf32")


def sweep(bench: Bench) -> None:
    """Make the published sweep of lambda (below 1)."""
    _published(bench, "sweep", [p for p in bench.pairs if p.rotation_weight < 1], "tf32")


def _published(bench: Bench, part: str, pairs: Sequence[PublishedPair], precision: str) -> None:
    size, encoder = bench.shape(DFR_SIZE), bench.encoder(precision)
    longest = 0.0
    for pair in pairs:
        if bench.left < 1.1 * longest:
            bench.log.row(part, pair=pair.name, skipped="no time left")
            continue
        began = time.perf_counter()
        method = DFR(
            rotation_weight=pair.rotation_weight,
            solver=bench.solver(DFR()),
        )
        result = method.stylize(*bench.pair(pair, size), encoder)
        _keep(bench, part, pair.name, result, precision=encoder.precision)
        longest = max(longest, time.perf_counter() - began)


def outputs(bench: Bench) -> None:
    """Time DFR-1 to DFR-4 whole, at the published size and iterations."""
    size, encoder = bench.shape(DFR_SIZE), bench.encoder("tf32")
    content, style = bench.pair(bench.pairs[0], size)
    for count in (1, 2, 3):
        solver = bench.solver(DFR())
        method = DFR(rotations=DFR().rotations[:count], solver=solver)
        result = method.stylize(content, style, encoder)
        bench.log.row("outputs", outputs=count, seconds=result.seconds,
                       precision=encoder.precision)  # fmt: skip


def precisions(bench: Bench) -> None:
    """Compare the last losses of the precisions: rotations 0 and 90 of two pairs, 3000 iterations.

    Last losses are those of the picture in float32.
    """
    size = bench.shape(DFR_SIZE)
    exact = bench.encoder("fp32")
    chosen = [pair for pair in bench.pairs if pair.rotation_weight == 1][:2]
    for precision in ("fp32", "bf16"):
        if bench.left < 90:
            bench.log.row("precisions", precision=precision, skipped="no time left")
            continue
        encoder = bench.encoder(precision)
        for pair in chosen[: 1 if precision == "fp32" else 2]:
            content, style = bench.pair(pair, size)
            method = DFR(
                rotations=(0.0, 90.0),
                solver=bench.solver(DFR()),
            )
            result = method.stylize(content, style, encoder)
            objective = objective_of(method, content, style, exact)
            pictures = torch.cat(list(result.pictures.values())).to(bench.device)
            last = terms_of(pictures, objective, exact).total.tolist()
            bench.log.row(
                "precisions", pair=pair.name, precision=encoder.precision, last=last,
                seconds=result.seconds,
                curves={
                    mode: thinned(curve)
                    for mode, curve in result.curves.items()
                },
            )  # fmt: skip
            for mode, picture in result.pictures.items():
                bench.log.picture(f"precisions/{pair.name}/{encoder.precision}_{mode}", picture)


def _keep(
    bench: Bench,
    part: str,
    name: str,
    result: Stylization,
    **more: Any,
) -> None:
    for mode, picture in result.pictures.items():
        bench.log.picture(f"{part}/{name}/{mode}", picture)
    bench.log.row(
        part, pair=name, seconds=result.seconds, seconds_targets=result.seconds_targets,
        settings=dict(result.settings), losses={k: dict(v) for k, v in result.losses.items()},
        failed=dict(result.failed),
        curves={
            mode: thinned(curve)
            for mode, curve in result.curves.items()
        },
        **more,
    )  # fmt: skip
