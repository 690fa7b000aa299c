"""Fetching published checkpoints: each file is kept whole and checked, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from baselines.checkpoints import read_tensors
from baselines.official import Official, OfficialFile
from dfr.core.download import Failure, Hosts, Transfer, download
from dfr.core.errors import UserError, writing
from dfr.core.files import sha256

#: Fetching weights: the largest file has 80 MB.
TRANSFER = Transfer(most=256 * 2**20)


def fetch(
    what: Official,
    folder: Path,
    transfer: Transfer = TRANSFER,
    report: Callable[[str, float], None] = lambda _, __: None,
) -> dict[str, str]:
    """Fetch the files of a checkpoint that are not there yet; each is kept whole or not at all.

    A file's hash is checked first, where it is known; then it is read as weights, without running
    anything in it, so that a web page that says "sign in" is not kept as a network.

    Args:
        what: which checkpoint.
        folder: where its files are kept.
        transfer: how.
        report: told the name of a file and the fraction of it that has come.

    Returns:
        file name -> SHA-256.

    Raises:
        UserError: it can only be had by hand, no network, or a file that is not what it should be.
    """
    if not what.files:
        raise UserError(f"{what.network} cannot be fetched; from {what.page}: {what.by_hand}")
    hosts, stopped = Hosts(), threading.Event()
    found = {}
    for file in what.files:
        path = folder / file.name
        digest = sha256(path) if path.is_file() else None
        if digest is None or file.sha256 not in (None, digest):
            _fetch_one(file, path, transfer, hosts, stopped, report)
            digest = sha256(path)
        found[file.name] = digest
    return found


def _fetch_one(
    file: OfficialFile,
    path: Path,
    transfer: Transfer,
    hosts: Hosts,
    stopped: threading.Event,
    report: Callable[[str, float], None],
) -> None:
    growing = path.with_name(f"part-{path.name}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)

    def check(came: Path) -> None:
        if file.sha256 is not None and sha256(came) != file.sha256:
            raise Failure(f"what came from {file.url} is another file (another SHA-256)")
        try:
            read_tensors(came)
        except UserError as error:
            why = str(error).removeprefix(f"{came}: ")
            raise Failure(f"what came from {file.url} is no good: {why}") from error

    try:
        download(
            file.url, growing, check, transfer, hosts, stopped,
            lambda fraction: report(file.name, fraction),
        )  # fmt: skip
        with writing(path):
            growing.replace(path)
    except Failure as failure:
        how = "connect and run the same command again" if failure.offline else "it was not kept"
        raise UserError(
            f"{path.name} could not be fetched: {failure}; {how}, or put the file into "
            f"{path.parent}"
        ) from failure
    finally:
        growing.unlink(missing_ok=True)
