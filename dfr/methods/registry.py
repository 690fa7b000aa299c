"""The one table of all methods by name, and how a method is made from text."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from dfr.core.errors import UserError, unknown

if TYPE_CHECKING:  # the names of the methods are read without torch
    from dfr.methods.method import Method
    from dfr.solvers.synthesis import Solver

_T = TypeVar("_T")

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
    return cast("type[Method]", pkgutil.resolve_name(METHODS[name]))


def about(name: str) -> str:
    """Return the first paragraph of a method's docstring, without importing the method.

    Args:
        name: of the method, one of `METHODS`.
    """
    module, _, kind = METHODS[name].partition(":")
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, module
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == kind:
            return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    return ""


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
    """Return the method's own solver, or the chosen one, with a number of iterations.

    Where the chosen one is of the method's own kind, what is not set is as the method has it.
    """
    from dfr.solvers.synthesis import solver_named

    own = cast("Solver", cast(Any, kind)().solver)
    if chosen is None:
        solver = own
    elif isinstance(chosen, Mapping):
        values = dict(chosen)
        name = str(values.pop("name", ""))
        named = solver_named(name)
        fields = [item.name for item in dataclasses.fields(named)]
        if type(named) is type(own):
            values = {**dataclasses.asdict(own), **values}
        solver = _filled(type(named), values, f"solver '{name}'", fields)
    else:
        named = solver_named(str(chosen))
        solver = own if type(named) is type(own) else named
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
