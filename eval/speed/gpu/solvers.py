"""The part about the solvers: on a device each row does what it does on the CPU."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import torch

from dfr.core.devices import synchronise
from dfr.core.precision import widest
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import Encoder
from dfr.objective.published_size import DFR_SIZE
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.synthesis import Solver, Synthesis, synthesise
from eval.speed.gpu.bench import Bench

#: Each with a number of iterations in which all of it happens: rows also end by themselves.
SOLVERS: Mapping[str, Solver] = {
    "adam": Adam(iterations=60),
    "lbfgs": LBFGS(iterations=40),
    "fast": Fast(iterations=40, tolerance=1e-3),
    "fast, both phases": Fast(iterations=150, tolerance=1e-3),
}


def solvers(bench: Bench) -> None:
    """Compare each solver's rows with the CPU's: losses, which ended, when and why.

    In float64 where the device has it, so that rounding does not grow into another way. The last
    of DFR's four rows has a target that is not finite.
    """
    cpu, size = torch.device("cpu"), bench.shape(DFR_SIZE, 64)
    precision = "fp64" if widest(bench.device) == torch.float64 else "fp32"
    content, style = bench.pair(bench.pairs[0], size)
    for name, solver in SOLVERS.items():
        tried = replace(solver, iterations=min(solver.iterations, 4)) if bench.tiny else solver
        found: dict[str, Synthesis] = {}
        for place in (cpu, bench.device):
            encoder = Encoder(bench.loaded, precision=precision).to(place)
            pair = [each.to(place, encoder.picture_dtype) for each in (content, style)]
            problem = DFR(reading="spatial").problem(pair[0], pair[1], encoder)
            targets = {layer: target.clone() for layer, target in problem.objective.style.items()}
            for target in targets.values():
                target[-1] = float("nan")
            broken = replace(problem.objective, style=targets)
            synchronise(place)
            began = time.perf_counter()
            found[place.type] = synthesise(problem.start, broken, encoder, tried)
            seconds = time.perf_counter() - began
        here, there = found[bench.device.type], found["cpu"]
        apart = (here.curve - there.curve).abs() / there.curve.abs().clamp_min(1e-30)
        known = torch.equal(here.curve.isnan(), there.curve.isnan())
        bench.log.row(
            "solvers", solver=name, precision=precision, rows=len(here.curve),
            iterations=tried.iterations, evaluations=[here.evaluations, there.evaluations],
            relative=apart.nan_to_num().amax(dim=0).tolist(), same_rows_told=known,
            done=[dict(each.done) for each in (here, there)],
            failed=[sorted(each.failed) for each in (here, there)],
            seconds_per_evaluation=seconds / here.evaluations,
        )  # fmt: skip
