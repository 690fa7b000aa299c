"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from dfr.core.errors import UserError, writing


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it to ``path``.

    A reader never sees half a file, and a failure leaves the old one as it was.

    Raises:
        UserError: the folder cannot be written, or the disk is full.
    """
    _write_beside(path, write, lambda temporary: temporary.replace(path))


def write_first(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole, unless there is one already.

    Where several processes do so at once, the file of one of them stays.

    Raises:
        UserError: the folder cannot be written, or the disk is full.
    """

    def put(temporary: Path) -> None:
        with suppress(FileExistsError):
            os.link(temporary, path)  # a rename would take the place of another's file

    _write_beside(path, lambda temporary: temporary.write_text(text, encoding="utf-8"), put)


def _write_beside(
    path: Path, write: Callable[[Path], object], put: Callable[[Path], object]
) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            temporary.chmod(0o644)
            put(temporary)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all; NaN becomes null, so that any reader takes it."""
    write_text(path, as_json(content))


def as_json(content: Any) -> str:
    """Return content as the text of a JSON file, see `write_json`."""
    return json.dumps(_finite(content), indent=1, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: the file is missing or is not JSON.
    """
    return _parsed(path, "file", "JSON", json.loads)


def seal_of(content: object) -> str:
    """Return the SHA-256 of what a JSON file says, however it is written or ordered.

    A seal guards against damage and carelessness, not against someone who seals a lie again.
    """
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_toml(path: Path, kind: str = "file") -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: the file.
        kind: what it is, for the message where it is missing.

    Raises:
        UserError: the file is missing or is not TOML.
    """
    found: dict[str, Any] = _parsed(path, kind, "TOML", tomllib.loads)
    return found


def _parsed(path: Path, kind: str, language: str, parse: Callable[[str], Any]) -> Any:
    """Parse a text file; ``parse`` raises ValueError for what is not of the language."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such {kind}") from error
    except (OSError, ValueError) as error:  # also of bytes that are no text
        raise UserError(f"{path}: cannot be read as {language} ({error})") from error


def wrong_value(path: Path | str, error: ValidationError) -> UserError:
    """Return the error for a file of settings with a value that cannot be used: the first one."""
    place, told = first_wrong(error)
    where = f"'{place}': " if place else ""
    return UserError(f"{path}: {where}{told}")


def first_wrong(error: ValidationError) -> tuple[str, str]:
    """Return where the first value stands that cannot be used, such as ``a.0``, and why."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return place, first["msg"].removeprefix("Value error, ")


@contextmanager
def alone(stream: IO[str], refusal: str) -> Iterator[None]:
    """Keep a second process out while the block runs, by a lock on an open file.

    Args:
        stream: the file; closed at the end, which gives the lock back.
        refusal: the message where another process has it.

    Raises:
        UserError: another process has it.
    """
    with stream:
        try:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such locks on this system
        except OSError as error:
            raise UserError(refusal) from error
        yield


def writable_folder(path: Path) -> Path:
    """Make sure that ``path`` is a folder that can be written to, before any work is done.

    Raises:
        UserError: it is a file, or cannot be made, or cannot be written.
    """
    if path.exists() and not path.is_dir():
        raise UserError(f"{path}: is a file, not a folder; choose another --out")
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    return path


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return content
