"""The study of scale: small sizes and the published one, with and without the published balance."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from baselines.decormst import DeCorMST
from dfr.core.devices import synchronise
from dfr.methods.deep_feature_rotation import DFR
from dfr.objective.objective import joined
from dfr.objective.published_size import DECORMST_SIZE, DFR_SIZE
from dfr.solvers.adam import State, step_taker
from eval.speed.gpu.bench import Bench, objective_of, thinned

#: Iterations after which a picture is kept, besides the last.
MARKS = (300,)
#: Longer sides, besides the published one.
SIDES = (96, 128, 181, 256)
#: Each method with the size that was published for it. The study is about size, so DeCorMST's
#: network sees the channels in the order of its weights, as DFR's does.
METHODS: tuple[tuple[DFR | DeCorMST, tuple[int, int]], ...] = (
    (DeCorMST(channels="correct"), DECORMST_SIZE),
    (DFR(rotations=(0.0, 90.0)), DFR_SIZE),
)


def scale(bench: Bench) -> None:
    """Run the study on every third pair at lambda 1, the published size first."""
    for longest in (None, *SIDES):
        if bench.left < 30:
            bench.log.row("scale", longest=longest, skipped="no time left")
            continue
        for method, published in METHODS:
            _at(bench, method, published, longest)


def _at(
    bench: Bench, method: DFR | DeCorMST, published: tuple[int, int], longest: int | None
) -> None:
    """Run one method at one size: all pairs, modes and both balances in one batch."""
    encoder, size = bench.encoder("tf32"), bench.shape(published, longest)
    chosen = [pair for pair in bench.pairs if pair.rotation_weight == 1][::3]
    objectives, starts, labels = [], [], []
    for pair in chosen:
        content, style = bench.pair(pair, size)
        for balance in (False, True) if longest is not None else (False,):
            chosen_weights = replace(method, balanced=balance)
            objectives.append(objective_of(chosen_weights, content, style, encoder))
            starts.append(content.repeat(len(method.modes), 1, 1, 1))
            labels += [(pair.name, balance, mode) for mode in method.modes]
    # Neighbours with one statistic go in one call.
    order = sorted(range(len(labels)), key=lambda row: labels[row][2])
    labels = [labels[row] for row in order]
    solver = bench.solver(method)
    state = State(torch.cat(starts)[order], joined(objectives).rows(order), encoder, solver)
    step = step_taker(state)
    began = time.perf_counter()
    for iteration in range(1, solver.iterations + 1):
        step()
        last = iteration == solver.iterations
        # DFR's at the published size are made by the part `published`.
        if last if longest is None else last or iteration in MARKS:
            for row, (pair_name, balance, mode) in enumerate(labels):
                name = f"{mode}_{'balanced' if balance else 'plain'}_{iteration}"
                where = f"scale/{longest or 'full'}/{method.name}/{pair_name}"
                bench.log.picture(f"{where}/{name}", state.pictures[row].cpu())
    synchronise(bench.device)
    seconds, curve = time.perf_counter() - began, state.curve.T.cpu()
    for row, (pair_name, balance, mode) in enumerate(labels):
        bench.log.row(
            "scale", longest=longest, size=size, method=method.name, pair=pair_name,
            balanced=balance, mode=mode, losses=thinned(curve[row].tolist()),
            batch_seconds=seconds, rows=len(labels),
        )  # fmt: skip
