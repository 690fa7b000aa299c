"""Time by outputs, method, size and form of the correlations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field

from baselines.decormst_loop import LOOPS
from dfr.core.image_settings import ImageSettings
from dfr.core.images import MIN_SIDE, Size
from dfr.core.progress import Progress, silent
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.feed_forward import forget_pictures
from dfr.methods.method import Method, device_of
from dfr.methods.rotation import PUBLISHED
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.objective.feature_statistics import STATISTICS, Statistic
from dfr.solvers.adam import Adam
from eval.data.dataset import Dataset
from eval.speed.stopwatch import CPU, take_turns

#: Side lengths of the ladder of sizes, relative to the profile's: pixels double at each step.
LADDER = tuple(2 ** (step / 2) for step in range(-2, 3))


class Timing(BaseModel):
    """How time is measured, on one pair; see `time_cases`.

    Attributes:
        outputs: the numbers X of outputs of DFR-X.
        sizes: the sizes at which DFR-1 is timed, see `dfr.core.images.Size`; a ladder around the
            profile's size if None.
        iterations: iterations of each timed run.
        repeats: rounds; in each, everything that is timed has one turn. With fewer than six, no
            interval of a median reaches 95 %.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outputs: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 2, 3, 4, 6, 8), min_length=1
    )
    sizes: tuple[str, ...] | None = None
    iterations: int = Field(default=8, ge=1)
    repeats: int = Field(default=7, ge=1)


@dataclass(frozen=True)
class Spent:
    """What a timed run says of itself.

    Attributes:
        outputs: how many outputs it computed.
        iterations: iterations of each; 0 for a method that optimises nothing.
        seconds_targets: the part of its time before the first iteration.
        device: the kind of device that it was computed on.
    """

    outputs: int
    iterations: int
    seconds_targets: float = 0.0
    device: str = "cpu"


@dataclass(frozen=True)
class TimedCase:
    """One thing that is timed.

    Attributes:
        kind: ``outputs``, ``method``, ``size`` or ``correlations``.
        name: unique within its kind.
        height: of the pictures.
        width: likewise.
        run: does the work with this many iterations.
    """

    kind: str
    name: str
    height: int
    width: int
    run: Callable[[int], Spent]


def time_cases(
    settings: Timing,
    methods: Mapping[str, Callable[[int], Method]],
    dataset: Dataset,
    images: ImageSettings,
    encoder: Encoder,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Time everything that the report tells about time, on the first pair.

    - ``outputs``: DFR-X for each X that is asked for.
    - ``method``: each method of the profile, with the timing section's iterations; a network as
      if it saw the style picture for the first time.
    - ``size``: DFR-1 at each size.
    - ``correlations``: the statistics of the five style layers of one picture, forward and
      backward, once as a loop over channels and once in one call.

    Args:
        settings: the timing section.
        methods: label -> makes the method with so many iterations, where it has any.
        dataset: whose first pair is used.
        images: how pictures are loaded.
        encoder: in the profile's precision.
        seed: of everything random.
        progress: told after every timed run.

    Returns:
        ``rows``: one per case and round: kind, name, outputs, height, width, round, iterations,
        seconds (of the whole run), seconds_targets (the part of them before the first
        iteration), device; ``left_out``: the cases, as "kind name", that there was no memory for.
    """
    paths = dataset.contents[0].path, dataset.styles[0].path
    pair = images.load_pair(*paths)
    cases = [
        *_outputs_cases(settings.outputs, pair, encoder),
        *(
            _stylizing("method", label, make, pair, encoder, seed)
            for label, make in methods.items()
        ),
        *(
            _stylizing("size", str(each.size), _dfr(1), each.load_pair(*paths), encoder)
            for each in starmap(images.at, sizes_of(settings, pair[0]))
        ),
        *_correlation_cases(pair[0], encoder),
    ]
    return time_in_turns(cases, settings.iterations, settings.repeats, encoder.device, progress)


def time_in_turns(
    cases: Sequence[TimedCase],
    iterations: int,
    repeats: int,
    device: torch.device = CPU,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Time cases by `eval.speed.stopwatch.take_turns`; what comes back is told at `time_cases`."""
    named = {f"{case.kind} {case.name}": case for case in cases}
    runs = {name: case.run for name, case in named.items()}
    turns, left_out = take_turns(runs, iterations, repeats, device, progress)
    rows = [
        {
            "kind": named[turn.name].kind,
            "name": named[turn.name].name,
            "outputs": turn.result.outputs,
            "height": named[turn.name].height,
            "width": named[turn.name].width,
            "round": turn.round,
            "iterations": turn.result.iterations,
            "seconds": turn.seconds,
            "seconds_targets": turn.result.seconds_targets,
            "device": turn.result.device,
        }
        for turn in turns
    ]
    return {"rows": rows, "left_out": left_out}


def sizes_of(settings: Timing, content: torch.Tensor) -> list[tuple[int, int]]:
    """Return the sizes at which DFR-1 is timed.

    Args:
        settings: names them, or leaves them to the `LADDER`.
        content: (1, 3, h, w) at working size.

    Returns:
        (height, width) of each; steps of the ladder with a side below `dfr.core.images.MIN_SIDE`
        are left out.
    """
    height, width = content.shape[-2:]
    if settings.sizes is not None:
        found = [Size.parse(text).of(height, width) for text in settings.sizes]
    else:
        found = [(round(height * step), round(width * step)) for step in LADDER]
    return [size for size in dict.fromkeys(found) if min(size) >= MIN_SIDE]


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
        method = make(iterations)
        forget_pictures(method, encoder.device)
        result = method.stylize(content, style, encoder, seed)
        device = device_of(method, encoder.device).type
        return Spent(result.computed, result.iterations, result.seconds_targets, device)

    return TimedCase(kind, name, content.shape[-2], content.shape[-1], run)


def _correlation_cases(content: torch.Tensor, encoder: Encoder) -> Iterator[TimedCase]:
    features = style_features(content, encoder)
    for form, table in (("vectorized", STATISTICS), ("loop", LOOPS)):
        for name, statistic in table.items():
            yield _correlating(f"{name} {form}", statistic, features, content)


def _correlating(
    name: str,
    statistic: Statistic,
    features: Mapping[str, torch.Tensor],
    content: torch.Tensor,
) -> TimedCase:
    def run(iterations: int) -> Spent:
        for _ in range(iterations):
            correlation_pass(statistic, features)
        device = next(iter(features.values())).device.type
        return Spent(outputs=1, iterations=iterations, device=device)

    return TimedCase("correlations", name, content.shape[-2], content.shape[-1], run)
