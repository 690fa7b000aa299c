"""The one exception for everything that a person can cause and mend."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """Something the reader can mend: the message says what is wrong, where, and what to do.

    The command line prints the message as one line and ends with exit code 2.
    """


def unknown(kind: str, name: object, known: Iterable[object]) -> UserError:
    """Return the error for a name that is in no table, with the nearest names that are.

    Args:
        kind: what was looked up, such as ``"method"``.
        name: the name that was not found.
        known: every name that would have been found.
    """
    names = [str(item) for item in known]
    near = difflib.get_close_matches(str(name).lower(), names, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return UserError(f"unknown {kind} '{name}': {hint}known are {', '.join(names)}")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk can answer to a write at ``path`` into a `UserError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{path}: the disk is full; free some space and run the same command again"
            ) from error
        reason = error.strerror or str(error)
        raise UserError(
            f"{path}: cannot write here ({reason}); choose another folder with --out"
        ) from error
