"""Whether a method keeps its contract: what the rest of the suite takes for granted of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from dfr.core.errors import UserError
from dfr.core.images import MIN_SIDE
from dfr.methods.method import Method, Stylization, device_of, settings_of
from dfr.methods.registry import blamed, build
from dfr.network.encoder import Encoder

#: Height and width of the pictures: of a size that no power of two divides, and the smallest that
#: the suite loads.
SIZE, SMALLEST = (49, 67), (MIN_SIDE, MIN_SIDE)
#: Iterations of a method that optimises, where its settings leave them open.
ITERATIONS = 2
#: How far an output on a graphics processor may be from that on the CPU, in the mean.
DEVICES_APART = 0.02
#: Without this nothing else can be looked at.
_RUNS = "runs, with the outputs that it announces"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class _Broken(Exception):
    """A check found what it looks for."""


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        what: is promised.
        kept: whether it holds.
        told: what was seen, in a line.
    """

    what: str
    kept: bool
    told: str


def check_method(
    name: str, settings: Mapping[str, Any], encoder: Encoder, other: torch.device | None = None
) -> Iterator[Check]:
    """Run a method on small pictures and check what comes of it, one promise after another.

    Args:
        name: of the method.
        settings: as `dfr.methods.registry.build` takes them; few iterations where they leave
            those open.
        encoder: on the CPU.
        other: another device, on which it is to run too; None where there is none.

    Yields:
        the checks, each when it is done; none that looks at outputs where there are none.

    Raises:
        UserError: there is no such method, or it does not take these settings.
    """
    method = build(name, settings)
    solver = settings.get("solver")
    left_open = "iterations" not in (solver if isinstance(solver, Mapping) else settings)
    if "solver" in settings_of(method) and left_open:
        method = build(name, {"iterations": ITERATIONS, **settings})
    run = _Runs(name, method, encoder)
    checks: dict[str, Callable[[], str]] = {
        "settings can be written and read": partial(_settings, name, method),
        "names of the outputs": partial(_modes, method),
        _RUNS: partial(_outputs, run),
        "pictures of the content's size": partial(_shapes, run),
        "finite values in [0, 1]": partial(_range, run),
        "leaves its input as it is": run.check_input,
        "the same seed gives the same pictures": partial(_same_seed, run),
        "takes another seed": partial(_other_seed, run),
        "takes a style of another size": partial(_other_style, run),
        "small pictures, or one line that refuses them": partial(_small, run),
        "runs on other devices": partial(_devices, run, other),
    }
    for what, look in checks.items():
        try:
            found = Check(what, True, look())
        except (_Broken, UserError) as error:
            found = Check(what, False, str(error))
        except Exception as error:
            found = Check(what, False, f"{type(error).__name__}: {error}")
        yield found
        if what == _RUNS and not found.kept:
            return


class _Runs:
    """A method with a pair of pictures: what it gives for a seed, computed once."""

    def __init__(self, name: str, method: Method, encoder: Encoder) -> None:
        self.name, self.method, self.encoder = name, method, encoder
        self.content, self.style = pictures(*SIZE)
        self.first: Stylization | None = None

    def stylize(
        self,
        seed: int = 0,
        content: torch.Tensor | None = None,
        style: torch.Tensor | None = None,
        encoder: Encoder | None = None,
    ) -> Stylization:
        """Stylize as a run does it."""
        torch.manual_seed(seed)
        with blamed(self.name):
            return self.method.stylize(
                self.content if content is None else content,
                self.style if style is None else style,
                encoder or self.encoder,
                seed,
            )

    def once(self) -> Stylization:
        """Return the stylization that most checks look at."""
        if self.first is None:
            self.first = self.stylize()
        return self.first

    def check_input(self) -> str:
        """Check that the pictures that it was given are as they were."""
        self.once()
        for kind, now, before in zip(
            ("content", "style"), (self.content, self.style), pictures(*SIZE), strict=True
        ):
            if not torch.equal(now, before):
                raise _Broken(f"it changes the {kind} picture in place; work on a copy")
        return ""


def pictures(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a content and a style, (1, 3, height, width) in [0, 1]: a slope with a disc, stripes."""
    down = torch.linspace(0, 1, height).view(-1, 1).expand(height, width)
    across = torch.linspace(0, 1, width).expand(height, width)
    disc = ((down - 0.5).square() + (across - 0.4).square() < 0.06).float()
    stripes = (torch.sin(25 * (down + 2 * across)) + 1) / 2
    content = torch.stack([across, 0.8 * down, disc]).unsqueeze(0)
    style = torch.stack([stripes, 1 - stripes * down, 0.2 + 0.5 * across]).unsqueeze(0)
    return content.contiguous(), style.contiguous()


def _settings(name: str, method: Method) -> str:
    plain = settings_of(method)
    try:
        read = json.loads(json.dumps(plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise _Broken(f"they cannot be written as JSON ({error})") from error
    if settings_of(build(name, read)) != plain:
        raise _Broken("a method made of the settings as written has others")
    return ", ".join(plain) or "it has none"


def _modes(method: Method) -> str:
    modes = method.modes
    if not modes:
        raise _Broken("it announces no output")
    if len(set(modes)) < len(modes):
        raise _Broken(f"one stands there twice: {', '.join(modes)}")
    for mode in modes:
        if not _FILE_NAME.fullmatch(mode):
            raise _Broken(f"'{mode}' is no name for a file: take letters, digits, and . _ -")
    return ", ".join(modes)


def _outputs(run: _Runs) -> str:
    result = run.once()
    given = {*result.pictures, *result.failed}
    if given != set(run.method.modes):
        raise _Broken(
            f"it announces {', '.join(run.method.modes)}, but gives {', '.join(given) or 'none'}"
        )
    for mode, why in result.failed.items():
        raise _Broken(f"{mode}: {why}")
    return f"{result.seconds:.2f} s"


def _shapes(run: _Runs) -> str:
    for mode, picture in run.once().pictures.items():
        if picture.shape != run.content.shape:
            raise _Broken(f"{mode} is {tuple(picture.shape)}, not {tuple(run.content.shape)}")
        if picture.device.type != "cpu":
            raise _Broken(f"{mode} stays on {picture.device}; outputs come back to the CPU")
    return f"{SIZE[0]} x {SIZE[1]}"


def _range(run: _Runs) -> str:
    values = torch.cat([picture.flatten() for picture in run.once().pictures.values()])
    if not bool(values.isfinite().all()):
        raise _Broken("some values are not finite")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise _Broken(f"values go from {low:.3g} to {high:.3g}; clamp them")
    return f"{low:.3g} to {high:.3g}"


def _same_seed(run: _Runs) -> str:
    first, again = run.once().pictures, run.stylize().pictures
    for mode, picture in first.items():
        if mode not in again or not torch.equal(picture, again[mode]):
            raise _Broken(
                f"{mode} differs when it is made again; draw random numbers from the seed that "
                "it is given"
            )
    return ""


def _other_seed(run: _Runs) -> str:
    first, other = run.once().pictures, run.stylize(seed=1).pictures
    if set(first) != set(other):
        raise _Broken(f"with seed 1 it gives {', '.join(other)}")
    same = all(torch.equal(picture, other[mode]) for mode, picture in first.items())
    return "nothing in it is random" if same else "and gives other pictures"


def _other_style(run: _Runs) -> str:
    height, width = SIZE[0] - 8, SIZE[1] - 20
    result = run.stylize(style=pictures(height, width)[1])
    for mode, picture in result.pictures.items():
        if picture.shape != run.content.shape:
            raise _Broken(f"{mode} is then {tuple(picture.shape)}")
    return f"{height} x {width}"


def _small(run: _Runs) -> str:
    content, style = pictures(*SMALLEST)
    size = f"{SMALLEST[0]} x {SMALLEST[1]}"
    try:
        torch.manual_seed(0)
        result = run.method.stylize(content, style, run.encoder, 0)
    except UserError as error:
        return f"refuses {size}: {error}"
    except Exception as error:
        raise _Broken(
            f"at {size}, the smallest that are loaded, it raises {type(error).__name__}: {error}; "
            "raise a UserError that says what size it needs"
        ) from error
    for mode, picture in result.pictures.items():
        if picture.shape != content.shape:
            raise _Broken(f"at {size}, {mode} is {tuple(picture.shape)}")
    return f"takes {size}"


def _devices(run: _Runs, other: torch.device | None) -> str:
    if other is None:
        return "not tried: there is only a CPU here"
    if device_of(run.method, other).type == "cpu":
        return "computes on the CPU, wherever the rest does"
    first = run.once().pictures
    for mode, picture in run.stylize(encoder=run.encoder.to(other)).pictures.items():
        if picture.device.type != "cpu":
            raise _Broken(f"{mode} stays on {picture.device}; outputs come back to the CPU")
        apart = float((picture - first[mode]).abs().mean())
        if not apart < DEVICES_APART:
            raise _Broken(f"{mode} is {apart:.3f} from that of the CPU in the mean")
    return str(other)
