"""Time by outputs, method, size and form of the correlations; the mode audit of every style."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from baselines.decormst_loop import LOOPS
from dfr.core.devices import synchronise
from dfr.core.images import MIN_SIDE, Size, load_pair
from dfr.core.progress import Progress, silent
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import Method, settings_of
from dfr.methods.mode_audit import audit
from dfr.methods.rotation import PUBLISHED
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.objective.feature_statistics import STATISTICS, Statistic
from dfr.solvers.adam import Adam
from eval.data.dataset import Dataset
from eval.runs.profiles import MethodEntry, Timing

#: The readings whose modes are audited; ``angle`` has no fixed set of modes.
AUDITED = ("code", "paper", "spatial")

#: Side lengths of the ladder of sizes, relative to the profile's: pixels double at each step.
LADDER = tuple(2 ** (step / 2) for step in range(-2, 3))


@dataclass(frozen=True)
class Spent:
    """What a timed run says of itself.

    Attributes:
        outputs: how many outputs it computed.
        iterations: iterations of each; 0 for a method that optimises nothing.
        seconds_targets: the part of its time before the first iteration.
    """

    outputs: int
    iterations: int
    seconds_targets: float = 0.0


@dataclass(frozen=True)
class TimedCase:
    """One thing that is timed.

    Attributes:
        kind: ``outputs``, ``method``, ``size`` or ``correlations``.
        name: unique within its kind.
        height: of the pictures.
        width: likewise.
        run: does the work with this many iterations, and waits for the device.
    """

    kind: str
    name: str
    height: int
    width: int
    run: Callable[[int], Spent]


def time_cases(
    settings: Timing,
    methods: Sequence[MethodEntry],
    dataset: Dataset,
    size: Size,
    encoder: Encoder,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Time everything that the report tells about time, on the first pair.

    - ``outputs``: DFR-X for each X that is asked for.
    - ``method``: each method of the profile, with the timing section's iterations.
    - ``size``: DFR-1 at each size.
    - ``correlations``: the statistics of the five style layers of one picture, forward and
      backward, once as a loop over channels and once in one call.

    Args:
        settings: the timing section.
        methods: the rows of the comparison.
        dataset: whose first pair is used.
        size: working size.
        encoder: in the profile's precision.
        seed: of everything random.
        progress: told after every timed run.

    Returns:
        ``rows``: see `take_turns`; ``left_out``: cases for which there was no memory.
    """
    paths = dataset.contents[0].path, dataset.styles[0].path
    pair = load_pair(*paths, size)
    cases = [
        *_outputs_cases(settings.outputs, pair, encoder),
        *(
            _stylizing("method", entry.label, _with_iterations(entry), pair, encoder, seed)
            for entry in methods
        ),
        *(
            _stylizing("size", str(each), _dfr(1), load_pair(*paths, each), encoder)
            for each in sizes_of(settings, pair[0])
        ),
        *_correlation_cases(pair[0], encoder),
    ]
    return take_turns(cases, settings.iterations, settings.repeats, progress)


def take_turns(
    cases: Sequence[TimedCase],
    iterations: int,
    repeats: int,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Time every case once in each round, after one iteration of each for warming up.

    In rounds, so that a slow minute does not fall on one case alone and two cases can be
    compared round by round. A case that does not fit into the device's memory is left out: it
    should not cost the run that was made before.

    Returns:
        ``rows``: one per case and round: kind, name, outputs, height, width, round, iterations,
        seconds (of the whole run), seconds_targets (the part of them before the first
        iteration); ``left_out``: the cases, as "kind name", that there was no memory for.
    """
    kept, left_out = [], []
    for case in cases:
        try:
            case.run(1)
        except torch.OutOfMemoryError:
            left_out.append(f"{case.kind} {case.name}")
        else:
            kept.append(case)
    rows = []
    for turn in range(repeats):
        for case in kept:
            began = clock()
            spent = case.run(iterations)
            seconds = clock() - began
            rows.append(
                {
                    "kind": case.kind,
                    "name": case.name,
                    "outputs": spent.outputs,
                    "height": case.height,
                    "width": case.width,
                    "round": turn,
                    "iterations": spent.iterations,
                    "seconds": seconds,
                    "seconds_targets": spent.seconds_targets,
                }
            )
            progress(len(rows), repeats * len(kept))
    return {"rows": rows, "left_out": left_out}


def sizes_of(settings: Timing, content: torch.Tensor) -> list[Size]:
    """Return the sizes at which DFR-1 is timed.

    Args:
        settings: names them, or leaves them to the `LADDER`.
        content: (1, 3, h, w) at working size.

    Returns:
        exact sizes; steps of the ladder with a side below `dfr.core.images.MIN_SIDE` are left out.
    """
    height, width = content.shape[-2:]
    if settings.sizes is not None:
        found = [Size.parse(text).of(height, width) for text in settings.sizes]
    else:
        found = [(round(height * step), round(width * step)) for step in LADDER]
    return [Size(height=h, width=w) for h, w in dict.fromkeys(found) if min(h, w) >= MIN_SIDE]


def correlation_pass(statistic: Statistic, features: Mapping[str, torch.Tensor]) -> None:
    """Compute a statistic of every layer and the gradient of its mean square.

    Args:
        statistic: (n, c, h, w) -> (n, c, c).
        features: layer -> (n, c, h, w), with gradients asked for.
    """
    values = [statistic(layer).square().mean() for layer in features.values()]
    torch.autograd.grad(torch.stack(values).sum(), list(features.values()))


def style_features(picture: torch.Tensor, encoder: Encoder) -> dict[str, torch.Tensor]:
    """Return the style layers' features of a picture (1, 3, h, w) as leaves with gradients."""
    with torch.no_grad():
        found = encoder(picture.to(encoder.device), STYLE_LAYERS)
    return {layer: found[layer].detach().requires_grad_() for layer in STYLE_LAYERS}


def _dfr(outputs: int) -> Callable[[int], Method]:
    """DFR-X. What an iteration costs does not depend on which rotations were in the targets.

    Beyond the four published rotations, X equal steps of the full turn are used; the targets
    then take longer (a spline turns every channel), which is why rows tell them apart.
    """
    published = outputs <= len(PUBLISHED)
    rotations = (
        PUBLISHED[:outputs] if published else tuple(k * 360 / outputs for k in range(outputs))
    )
    reading = "code" if published else "angle"
    return lambda iterations: DFR(
        rotations=rotations, reading=reading, solver=Adam(iterations=iterations)
    )


def _with_iterations(entry: MethodEntry) -> Callable[[int], Method]:
    """Return what makes an entry's method with another number of iterations, where it has one."""
    if "solver" not in settings_of(entry.build()):
        return lambda _: entry.build()
    return lambda iterations: entry.model_copy(
        update={"settings": {**entry.settings, "iterations": iterations}}
    ).build()


def _outputs_cases(
    counts: Sequence[int], pair: tuple[torch.Tensor, torch.Tensor], encoder: Encoder
) -> Iterator[TimedCase]:
    for outputs in counts:
        yield _stylizing("outputs", f"DFR-{outputs}", _dfr(outputs), pair, encoder)


def _stylizing(
    kind: str,
    name: str,
    make: Callable[[int], Method],
    pair: tuple[torch.Tensor, torch.Tensor],
    encoder: Encoder,
    seed: int = 0,
) -> TimedCase:
    content, style = pair

    def run(iterations: int) -> Spent:
        result = make(iterations).stylize(content, style, encoder, seed)
        synchronise(encoder.device)
        return Spent(result.computed, result.iterations, result.seconds_targets)

    return TimedCase(kind, name, content.shape[-2], content.shape[-1], run)


def _correlation_cases(content: torch.Tensor, encoder: Encoder) -> Iterator[TimedCase]:
    features = style_features(content, encoder)
    for form, table in (("vectorized", STATISTICS), ("loop", LOOPS)):
        for name, statistic in table.items():
            yield _correlating(f"{name} {form}", statistic, features, content, encoder)


def _correlating(
    name: str,
    statistic: Statistic,
    features: Mapping[str, torch.Tensor],
    content: torch.Tensor,
    encoder: Encoder,
) -> TimedCase:
    def run(iterations: int) -> Spent:
        for _ in range(iterations):
            correlation_pass(statistic, features)
        synchronise(encoder.device)
        return Spent(outputs=1, iterations=iterations)

    return TimedCase("correlations", name, content.shape[-2], content.shape[-1], run)


def audit_rows(dataset: Dataset, size: Size, encoder: Encoder) -> list[dict[str, Any]]:
    """Audit the four published rotations in each reading, for every style.

    Returns:
        one row per style and reading: distances between modes per layer, groups of modes that
        are the same objective, and how many are distinct.
    """
    rows = []
    for style in dataset.styles:
        _, picture = load_pair(dataset.contents[0].path, style.path, size)
        for reading in AUDITED:
            found = audit(DFR(reading=reading), picture, encoder)
            rows.append(
                {
                    "style": style.name,
                    "reading": reading,
                    "modes": list(found.modes),
                    "distances": [
                        {"mode": b, "against": a, **layers}
                        for (b, a), layers in found.distances.items()
                    ],
                    "groups": [list(group) for group in found.groups],
                    "distinct": found.distinct,
                }
            )
    return rows
