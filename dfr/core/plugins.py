"""What other packages bring: methods, measures, style terms and solvers, by entry points.

They are found in the metadata of the installed packages. Nothing of a package is imported before
something of it is asked for by name.
"""

from __future__ import annotations

import functools
import importlib.metadata
import pkgutil
import re
import sys
import threading
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dfr.core.errors import UserError

#: What can be brought -> the group of its entry points.
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "method": "dfr.methods",
        "measure": "dfr.measures",
        "style term": "dfr.style_terms",
        "solver": "dfr.solvers",
    }
)
#: Seconds of an import after which a line says what is waited for.
PATIENCE = 10.0
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True)
class Plugin:
    """One entry point of another package.

    Attributes:
        kind: what it brings, a key of `GROUPS`.
        name: what users call it.
        where: ``module:object``.
        distribution: the package that brings it.
        version: of that package.
    """

    kind: str
    name: str
    where: str
    distribution: str
    version: str

    @property
    def package(self) -> str:
        """The package with its version."""
        return f"{self.distribution} {self.version}"

    def __str__(self) -> str:
        """Name it for a message."""
        return f"{self.kind} '{self.name}' of {self.package}"

    def load(self) -> Any:
        """Import what it names.

        Where that takes longer than `PATIENCE`, a line says what is waited for.

        Raises:
            UserError: that fails.
        """
        try:
            with self._waited_for():
                return pkgutil.resolve_name(self.where)
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{self} cannot be imported from {self.where}: {self._told(error)}; mend that "
                "package, or uninstall it"
            ) from error

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        """Tell what takes long inside; what stops it, such as Ctrl-C, carries that as a note."""
        from dfr.core.terminal import complain

        line = f"waiting for {self} to be imported from {self.where}, {PATIENCE:g} s; Ctrl-C stops"
        clock = threading.Timer(PATIENCE, complain, [line])
        clock.daemon = True
        clock.start()
        try:
            yield
        except (Exception, SystemExit):
            raise
        except BaseException as stop:
            stop.add_note(f"while {self} was being imported from {self.where}")
            raise
        finally:
            clock.cancel()
            clock.join()

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn whatever goes wrong inside into one line that names the package.

        What ran out of memory goes through: who calls can ask for less at once.
        """
        from dfr.core.memory import out_of_memory

        try:
            yield
        except UserError:
            raise
        except Exception as error:
            if out_of_memory(error) is not None:
                raise
            raise UserError(f"{self} failed: {self._told(error)}") from error

    def _told(self, error: BaseException) -> str:
        """Tell an error, and the last line of the package that it went through."""
        told = " ".join(f"{type(error).__name__}: {error}".split())
        top = self.where.partition(":")[0].partition(".")[0]
        lines = [
            f"{frame.f_code.co_filename}, line {line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
            if str(frame.f_globals.get("__name__", "")).partition(".")[0] == top
        ]
        return f"{told} ({lines[-1]})" if lines else told


def plugins(kind: str) -> tuple[Plugin, ...]:
    """Return everything of one kind that packages bring, by name; names can stand there twice."""
    return _found(kind, tuple(sys.path))


@functools.lru_cache(maxsize=len(GROUPS))
def _found(kind: str, path: tuple[str, ...]) -> tuple[Plugin, ...]:  # noqa: ARG001
    found = [
        Plugin(kind, point.name, point.value, point.dist.name, point.dist.version)
        for point in importlib.metadata.entry_points(group=GROUPS[kind])
        if point.dist is not None
    ]
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.distribution)))


def plugin(kind: str, name: str, own: Collection[str]) -> Plugin | None:
    """Look up what packages bring by name.

    Args:
        kind: a key of `GROUPS`.
        name: what is asked for.
        own: the names that this suite has itself.

    Returns:
        what a package brings, or None where none brings this name.

    Raises:
        UserError: two have the name, or it is no name.
    """
    mine = [each for each in plugins(kind) if each.name == name]
    if not mine:
        return None
    owners = [*(["this suite"] if name in own else []), *(each.package for each in mine)]
    if len(owners) > 1:
        raise UserError(
            f"{kind} '{name}' is brought by {' and by '.join(owners)}: uninstall one, or give it "
            "another name in its entry points"
        )
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{mine[0]}: a name is small letters, digits, and then . _ or -; rename it in its "
            "entry points"
        )
    return mine[0]


def refused(kind: str, own: Collection[str]) -> list[str]:
    """Return, a line each, which names of packages cannot be used and why."""
    lines = []
    for name in dict.fromkeys(each.name for each in plugins(kind)):
        try:
            plugin(kind, name, own)
        except UserError as error:
            lines.append(str(error))
    return lines


def known(kind: str, own: Collection[str]) -> tuple[str, ...]:
    """Return every name of one kind: this suite's, then those that packages bring."""
    return tuple(dict.fromkeys([*own, *(each.name for each in plugins(kind))]))
