"""What a method is, what it returns, and the one table of all methods by name."""

from __future__ import annotations

import dataclasses
import pkgutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast

import torch
from pydantic import TypeAdapter, ValidationError

from dfr.core.errors import UserError, unknown
from dfr.core.progress import Progress, silent
from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective
from dfr.solvers.synthesis import Solver, solver_named, synthesise

_T = TypeVar("_T")


@dataclass(frozen=True)
class Stylization:
    """The outputs of one method for one pair, with what they cost.

    Attributes:
        method: name in the table of methods.
        settings: every setting of the method, as plain values.
        pictures: mode -> (1, 3, h, w) in [0, 1]; only outputs that did not fail.
        curves: mode -> total loss before each iteration and after the last, in the method's own
            objective; empty for a method that optimises nothing.
        losses: mode -> {"content", "style", "variation", "total"}: the final weighted terms;
            likewise.
        failed: mode -> why this output was stopped.
        same_as: mode -> the mode whose output it is too, because their objectives are the same
            and were computed once; empty where every mode was computed.
        iterations: iterations of the output that took most; 0 for a method that optimises
            nothing.
        done: mode -> iterations after which its solver found it done, where that was before the
            last that it was given.
        evaluations: evaluations of the objective per output.
        seconds: wall-clock seconds for all outputs, from two loaded pictures to the results.
        seconds_targets: the part of it spent on features and targets before the first iteration.
    """

    method: str
    settings: Mapping[str, Any]
    pictures: Mapping[str, torch.Tensor]
    curves: Mapping[str, list[float]]
    losses: Mapping[str, Mapping[str, float]]
    failed: Mapping[str, str]
    iterations: int
    evaluations: int
    seconds: float
    seconds_targets: float
    same_as: Mapping[str, str] = field(default_factory=dict)
    done: Mapping[str, int] = field(default_factory=dict)

    @property
    def computed(self) -> int:
        """How many outputs were computed, those that stopped included."""
        return len(set(self.pictures) | set(self.failed)) - len(self.same_as)


class Method(Protocol):
    """A method: a frozen dataclass of settings that turns two pictures into named outputs."""

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize (1, 3, h, w) content with (1, 3, h, w) style, both RGB in [0, 1]."""


#: Every method: name -> where its class stands. A new method is one file and one line here.
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "dfr": "dfr.methods.deep_feature_rotation:DFR",
        "gatys": "baselines.gatys:Gatys",
        "decormst": "baselines.decormst:DeCorMST",
        "feedforward": "baselines.feedforward:FeedForward",
    }
)


def method_class(name: str) -> type[Method]:
    """Look a method up by name.

    Raises:
        UserError: there is none of this name.
    """
    if name not in METHODS:
        raise unknown("method", name, METHODS)
    return cast(type[Method], pkgutil.resolve_name(METHODS[name]))


def build(name: str, settings: Mapping[str, Any]) -> Method:
    """Make a method from settings that came as text or as plain values.

    Besides the method's own settings, ``iterations`` sets the number of iterations of its
    solver, and ``solver`` chooses another solver, by name or as a table of its ``name`` and of
    settings of its own; where none is given, it has its own number of iterations. A method that
    optimises nothing has neither.

    Raises:
        UserError: unknown method, unknown setting, or a value of the wrong kind.
    """
    kind = method_class(name)
    known = [item.name for item in dataclasses.fields(cast(Any, kind))]
    values = dict(settings)
    if "solver" in known:
        known.append("iterations")
        values["solver"] = _solver(kind, values.get("solver"), values.pop("iterations", None))
    return _filled(kind, values, f"method '{name}'", known)


def _solver(
    kind: type[Method], chosen: str | Mapping[str, Any] | None, iterations: int | None
) -> Solver:
    """Return the method's own solver, or the chosen one, with a number of iterations."""
    if chosen is None:
        solver = cast(Solver, cast(Any, kind)().solver)
    elif isinstance(chosen, Mapping):
        values = dict(chosen)
        name = str(values.pop("name", ""))
        named = solver_named(name)
        fields = [item.name for item in dataclasses.fields(named)]
        solver = _filled(type(named), values, f"solver '{name}'", fields)
    else:
        solver = solver_named(str(chosen))
    return solver if iterations is None else dataclasses.replace(solver, iterations=iterations)


def _filled(kind: type[_T], values: Mapping[str, Any], what: str, known: Sequence[str]) -> _T:
    """Make a dataclass from plain values, or say which of them it cannot be made from."""
    for setting in values:
        if setting not in known:
            raise unknown(f"setting of {what}:", setting, known)
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{what}, setting '{where}': {first['msg']}") from error


def optimise(
    method: Method,
    name: str,
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: Solver,
    began: float,
    progress: Progress,
    rows: Sequence[int] | None = None,
) -> Stylization:
    """Run the engine for a method and name its rows.

    Args:
        method: whose settings and modes are recorded.
        name: its name in the table.
        start: (n, 3, h, w), one row per output that is computed.
        objective: with one target per row.
        encoder: the encoder to use.
        solver: the solver to use.
        began: `time.perf_counter()` from before the targets were computed.
        progress: told after every iteration.
        rows: the row of each mode, where modes of one objective share a row; otherwise each
            mode has its own.
    """
    ready = time.perf_counter()
    result = synthesise(start, objective, encoder, solver, progress)
    rows = range(len(method.modes)) if rows is None else rows
    row_of = dict(zip(method.modes, rows, strict=True))
    first = {row: mode for mode, row in reversed(row_of.items())}
    failed = {mode: result.failed[row] for mode, row in row_of.items() if row in result.failed}
    return Stylization(
        method=name,
        settings=settings_of(method),
        pictures={
            mode: result.pictures[row : row + 1]
            for mode, row in row_of.items()
            if mode not in failed
        },
        curves={mode: result.curve[row].tolist() for mode, row in row_of.items()},
        losses={
            mode: {
                "content": float(result.terms.content[row]),
                "style": float(result.terms.style[row]),
                "variation": float(result.terms.variation[row]),
                "total": float(result.terms.total[row]),
            }
            for mode, row in row_of.items()
            if mode not in failed
        },
        failed=failed,
        same_as={mode: first[row] for mode, row in row_of.items() if first[row] != mode},
        done={mode: result.done[row] for mode, row in row_of.items() if row in result.done},
        iterations=max(
            result.done.get(row, solver.iterations) for row in range(len(result.pictures))
        ),
        evaluations=result.evaluations,
        seconds=time.perf_counter() - began,
        seconds_targets=ready - began,
    )


def settings_of(method: Method) -> dict[str, Any]:
    """Return a method's settings as plain values that JSON can hold; tuples become lists."""
    plain = dataclasses.asdict(cast(Any, method))
    if "solver" in plain:
        plain["solver"]["name"] = type(cast(Any, method).solver).__name__.lower()
    return cast(dict[str, Any], _plain(plain))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
