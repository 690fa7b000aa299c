"""Download the published outputs; what came is imported as a local folder would be."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path

from dfr.core.download import Failure, Hosts, Transfer, download
from dfr.core.errors import UserError, writing
from dfr.core.files import sha256
from eval.data.lock import claimed
from eval.data.published_import import ImportedPublished, import_published
from eval.data.published_list import REPOSITORY_URL, PublishedFile, PublishedList

#: Where downloaded files wait until all of them are there.
_WAITING = ".fetched"


def fetch_published(
    listed: PublishedList,
    folder: Path,
    *,
    url: str = REPOSITORY_URL,
    transfer: Transfer | None = None,
    report: Callable[[int, int], None] = lambda _, __: None,
) -> ImportedPublished:
    """Download the listed files that are not there yet, then import the pairs that are whole.

    Args:
        listed: what to fetch.
        folder: the data folder; what came is kept in it until all files are there.
        url: what stands before an address, for a mirror.
        transfer: how; the defaults if None.
        report: told how many files are there, of how many.

    Raises:
        UserError: no network, or no pair of which all files came.
    """
    waiting, transfer = folder / _WAITING, transfer or Transfer()
    with claimed(folder):
        todo = [entry for entry in listed.files.values() if not _there(folder, waiting, entry)]
        failures = _download(todo, waiting, len(listed.files), url, transfer, report)
    if todo and len(failures) == len(todo) and all(why.offline for why in failures.values()):
        reasons = "; ".join(sorted({str(why) for why in failures.values()}))
        raise UserError(
            f"no network: {reasons}; connect and run the same command again, or take a local "
            "folder with `dfr data import --published DIR`"
        )
    missing = {file: f"could not be fetched: {why}" for file, why in failures.items()}
    done = import_published(listed, folder, waiting, missing=missing)
    if not failures:
        with writing(waiting):
            shutil.rmtree(waiting)
    return done


def _there(folder: Path, waiting: Path, entry: PublishedFile) -> bool:
    """Tell whether a file was fetched before; one of an earlier import is taken from there."""
    path, locked = waiting / entry.file, folder / entry.place
    if not path.is_file() and not entry.mended_sha256 and locked.is_file():
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(locked, path)
    return path.is_file() and sha256(path) == entry.sha256


def _download(
    todo: list[PublishedFile],
    waiting: Path,
    count: int,
    url: str,
    transfer: Transfer,
    report: Callable[[int, int], None],
) -> dict[str, Failure]:
    """Download files, and return those that cannot be had."""
    hosts, stopped, failures = Hosts(), threading.Event(), dict[str, Failure]()
    for entry in todo:
        with writing(waiting):
            (waiting / entry.file).parent.mkdir(parents=True, exist_ok=True)

    def one(entry: PublishedFile) -> tuple[str, Failure | None]:
        growing = waiting / f"{entry.file}.part"
        try:
            download(entry.url(url), growing, partial(_check, entry), transfer, hosts, stopped)
            growing.replace(waiting / entry.file)
        except Failure as failure:
            return entry.file, failure
        return entry.file, None

    done = count - len(todo)
    report(done, count)
    # The threads of this pool are daemons: after Ctrl-C nobody waits for a stalled server.
    with ThreadPool(transfer.workers) as pool:
        try:
            for file, failure in pool.imap_unordered(one, todo):
                if failure is None:
                    done += 1
                    report(done, count)
                else:
                    failures[file] = failure
        finally:
            stopped.set()
    return failures


def _check(entry: PublishedFile, path: Path) -> None:
    if sha256(path) != entry.sha256:
        raise Failure(f"what came is not the published file (another SHA-256, {entry.url()})")
