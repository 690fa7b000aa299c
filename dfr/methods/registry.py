"""The one table of all methods by name, and how a method is made from text."""

from __future__ import annotations

import ast
import dataclasses
import importlib.machinery
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from dfr.core.errors import UserError, unknown
from dfr.core.files import first_wrong
from dfr.core.plugins import Plugin, known, plugin

if TYPE_CHECKING:  # the names of the methods are read without torch
    from dfr.methods.method import Method
    from dfr.solvers.synthesis import Solver

_T = TypeVar("_T")

#: Every method of this suite: name -> where its class stands. A new one is one file and one line
#: here, or an entry point of another package, see `dfr.core.plugins`.
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "dfr": "dfr.methods.deep_feature_rotation:DFR",
        "gatys": "baselines.gatys:Gatys",
        "decormst": "baselines.decormst:DeCorMST",
        "feedforward": "baselines.feedforward:FeedForward",
        "wct": "baselines.wct.method:WCT",
        "adaattn": "baselines.adaattn.method:AdaAttN",
        "safin": "baselines.safin.method:SAFIN",
        "adain": "baselines.adain.method:AdaIN",
        "microast": "baselines.microast.method:MicroAST",
        "lst": "baselines.lst.method:LST",
    }
)


def method_class(name: str) -> type[Method]:
    """Look a method up by name.

    Raises:
        UserError: there is none of this name.
    """
    theirs = plugin("method", name, METHODS)
    if theirs is not None:
        return _class_of(theirs)
    if name not in METHODS:
        raise unknown("method", name, known("method", METHODS))
    return cast("type[Method]", pkgutil.resolve_name(METHODS[name]))


def _class_of(theirs: Plugin) -> type[Method]:
    """Return the class of another package's method: its own, or one made of its function."""
    from dfr.methods.feed_forward import FeedForwardMethod, method_of_function
    from dfr.methods.optimisation import OptimisationMethod

    found: Any = theirs.load()
    with theirs.blamed():
        if inspect.isfunction(found):
            return cast("type[Method]", method_of_function(theirs.name, found))
        forms = (FeedForwardMethod, OptimisationMethod)
        if not (inspect.isclass(found) and issubclass(found, forms) and _frozen(found)):
            raise UserError(
                f"{theirs}: {theirs.where} must be a function of two pictures, or a frozen "
                "dataclass that extends OptimisationMethod or FeedForwardMethod"
            )
        if getattr(found, "name", None) != theirs.name:
            raise UserError(
                f"{theirs}: its class says name = {getattr(found, 'name', None)!r}; the two must "
                "be the same"
            )
        return cast("type[Method]", found)


def _frozen(kind: type) -> bool:
    """Say whether a class is a frozen dataclass."""
    return dataclasses.is_dataclass(kind) and cast(Any, kind).__dataclass_params__.frozen is True


@contextmanager
def blamed(name: str) -> Iterator[None]:
    """Turn what goes wrong in another package's method into one line that names the package.

    Args:
        name: of the method; one of this suite goes wrong as it does.
    """
    theirs = plugin("method", name, METHODS)
    if theirs is None:
        yield
    else:
        with theirs.blamed():
            yield


def package_of(what: str) -> str | None:
    """Return the package that brings something here, or None if there is none.

    Args:
        what: a key of `packages_of`.
    """
    kind, _, name = what.rpartition(" ")
    theirs = plugin(kind, name, ())
    return None if theirs is None else theirs.package


def packages_of(name: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what other packages bring to a method: "kind name" -> package with its version.

    Args:
        name: of the method.
        settings: its settings, see `dfr.methods.method.settings_of`; solvers and style terms can
            be of other packages too.
    """
    from dfr.objective.style_terms import STYLE_TERMS
    from dfr.solvers.synthesis import SOLVERS

    solver, terms = settings.get("solver"), settings.get("statistics")
    asked: list[tuple[str, str, Mapping[str, Any]]] = [("method", name, METHODS)]
    if isinstance(solver, Mapping):
        asked.append(("solver", str(solver.get("name")), SOLVERS))
    if isinstance(terms, Sequence):
        asked += [("style term", str(term), STYLE_TERMS) for term in terms]
    found = {f"{kind} {each}": plugin(kind, each, own) for kind, each, own in asked}
    return {what: theirs.package for what, theirs in found.items() if theirs is not None}


def about(name: str) -> str:
    """Return the first paragraph of a method's docstring, without importing the method.

    Args:
        name: of the method; of one that is not here, nothing is known.
    """
    theirs = plugin("method", name, METHODS)
    module, _, kind = (theirs.where if theirs else METHODS.get(name, "")).partition(":")
    file = _file_of(module)
    if file is None:
        return ""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == kind:
            return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    return ""


def _file_of(module: str) -> Path | None:
    """Find the source of a module; no package that it stands in is imported."""
    places: Sequence[str] | None = None
    file = None
    for part in module.split("."):
        spec = importlib.machinery.PathFinder.find_spec(part, places) if part else None
        if spec is None:
            return None
        file, places = spec.origin, spec.submodule_search_locations or []
    return Path(file) if file is not None and file.endswith(".py") else None


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
    fields = [item.name for item in dataclasses.fields(cast(Any, kind))]
    values = dict(settings)
    solver = None
    if "solver" in fields:
        fields.append("iterations")
        solver = _solver(kind, values.pop("solver", None), values.pop("iterations", None))
    with blamed(name):
        method = _filled(kind, values, f"method '{name}'", fields)
        if solver is not None:  # set apart, since it may be of another package
            method = dataclasses.replace(cast(Any, method), solver=solver)
    return method


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


@lru_cache(64)
def _reader(kind: type) -> TypeAdapter[Any]:
    """Return what reads a dataclass; it takes milliseconds, and runs build methods often."""
    return TypeAdapter(kind)


def _filled(kind: type[_T], values: Mapping[str, Any], what: str, known: Sequence[str]) -> _T:
    """Make a dataclass from plain values, or say which of them it cannot be made from."""
    for setting in values:
        if setting not in known:
            raise unknown(f"setting of {what}:", setting, known)
    try:
        filled: _T = _reader(cast(Any, kind)).validate_python(values)
        return filled
    except ValidationError as error:
        where, told = first_wrong(error)
        raise UserError(f"{what}, setting '{where}': {told}") from error
