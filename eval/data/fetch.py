"""Download a set into a data folder: resumable, in parallel, and locked at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Protocol

from dfr.core.download import Failure, Hosts, Transfer, download
from dfr.core.errors import UserError, writing
from dfr.core.files import sha256
from dfr.core.images import load
from eval.data.collection import Wanted
from eval.data.lock import (
    LOCK,
    UNFINISHED,
    Lock,
    LockedFile,
    claimed,
    matching,
    read_lock,
    some,
    strangers,
    write_lock,
)

#: Told how many files are there, as a number with a fraction, of how many.
Report = Callable[[float, int], None]


class FetchedSet(Protocol):
    """What is fetched: this suite's collection, or a set that other people published."""

    @property
    def contents_from(self) -> str:
        """Where the contents come from, for readers."""

    @property
    def styles_from(self) -> str:
        """Where the styles come from, for readers."""

    @property
    def instead(self) -> str:
        """What to do where there is no network."""

    @property
    def files(self) -> Callable[..., list[Wanted]]:
        """Return every file; the arguments are mirrors."""


@dataclass(frozen=True)
class Fetched:
    """What a fetch did.

    Attributes:
        lock: what now lies in the folder.
        new: how many files were downloaded.
    """

    lock: Lock
    new: int


def fetch(
    collection: FetchedSet,
    folder: Path,
    *,
    urls: Mapping[str, str] | None = None,
    transfer: Transfer | None = None,
    report: Report = lambda _, __: None,
) -> Fetched:
    """Download what is not there yet, check what is, and lock the whole.

    Args:
        collection: what to fetch.
        folder: the data folder.
        urls: mirrors, as the set's ``files`` takes them.
        transfer: how; the defaults if None.
        report: told of the progress.

    Raises:
        UserError: no network, files that cannot be had (the others are kept), files that differ
            from the lock, a folder with another set or with strange files.
    """
    transfer = transfer or Transfer()
    wanted = {item.file: item for item in collection.files(**(urls or {}))}
    with claimed(folder) as partial_folder:
        locked = read_lock(folder)
        before = locked or read_lock(folder, UNFINISHED)
        known = dict(before.files) if before else {}
        _the_same_set(folder, before, locked is not None, wanted)
        missing = matching(folder, known)
        strange = strangers(folder, known, wanted)
        if strange:
            raise UserError(
                f"{folder}: {some(strange)} there, but not from a fetch; move what you need away, "
                "or choose another folder with --to"
            )
        todo = [wanted[file] for file in wanted if file in missing or file not in known]
        got = _Download(
            collection, folder, partial_folder, known if locked else {}, transfer, report
        )
        entries = got.all_of(todo, {f: e for f, e in known.items() if f not in missing}, wanted)
        lock = locked or _lock(collection, entries, wanted)
        if locked is None:
            write_lock(folder, lock)
        with writing(folder):
            (folder / UNFINISHED).unlink(missing_ok=True)
    return Fetched(lock, len(todo))


def _lock(collection: FetchedSet, entries: Mapping[str, LockedFile], wanted: Iterable[str]) -> Lock:
    return Lock(
        made_by="fetch",
        contents_from=collection.contents_from,
        styles_from=collection.styles_from,
        files={file: entries[file] for file in wanted if file in entries},
    )


def _the_same_set(folder: Path, before: Lock | None, whole: bool, wanted: Iterable[str]) -> None:
    """Refuse a folder that holds another set than the one to be fetched."""
    if before is None:
        return
    files, asked = set(before.files), set(wanted)
    if before.made_by != "fetch" or not files <= asked or (whole and files != asked):
        what = "an imported set" if before.made_by == "import" else "another collection"
        raise UserError(
            f"{folder}: holds {what} ({len(files)} files, {LOCK if whole else UNFINISHED}); choose "
            "another folder with --to, or delete that one"
        )


class _Download:
    """The files of one fetch, on their way.

    Args:
        collection: what is fetched.
        folder: the data folder.
        partial_folder: where files grow; only whole ones leave it.
        locked: what files must be, where that is known.
        transfer: how.
        report: told of the progress.
    """

    def __init__(
        self,
        collection: FetchedSet,
        folder: Path,
        partial_folder: Path,
        locked: Mapping[str, LockedFile],
        transfer: Transfer,
        report: Report,
    ) -> None:
        self.collection = collection
        self.folder, self.partial, self.locked = folder, partial_folder, locked
        self.transfer, self.report = transfer, report
        self.hosts, self.stopped = Hosts(), threading.Event()
        self._fractions: dict[str, float] = {}

    def all_of(
        self, todo: list[Wanted], there: dict[str, LockedFile], order: Iterable[str]
    ) -> dict[str, LockedFile]:
        """Fetch the files and return the entries of all, also of those that are there.

        Raises:
            UserError: some cannot be had; the others are kept.
        """
        self._fractions = {**dict.fromkeys(there, 1.0), **{item.file: 0.0 for item in todo}}
        entries, failures, count = dict(there), dict[str, Failure](), len(there) + len(todo)
        self.report(len(there), count)
        # The threads of this pool are daemons: after Ctrl-C nobody waits for a stalled server.
        with ThreadPool(self.transfer.workers) as pool:
            try:
                for item, outcome in pool.imap_unordered(partial(self._one, count), todo):
                    if isinstance(outcome, Failure):
                        failures[item.file] = outcome
                        continue
                    entries[item.file] = outcome
                    if not self.locked:
                        # First the record, then the file: a file without one is a stranger's.
                        lock = _lock(self.collection, entries, order)
                        write_lock(self.folder, lock, UNFINISHED)
                    with writing(self.folder / item.file):
                        self._growing(item).replace(self.folder / item.file)
            finally:
                self.stopped.set()
        if failures:
            raise self._error(failures, len(entries), count)
        return entries

    def _growing(self, item: Wanted) -> Path:
        return self.partial / item.file.replace("/", "-")

    def _one(self, count: int, item: Wanted) -> tuple[Wanted, LockedFile | Failure]:
        def report(fraction: float) -> None:
            self._fractions[item.file] = fraction
            self.report(sum(self._fractions.values()), count)

        path = self._growing(item)
        try:
            download(
                item.url, path, partial(self._check, item),
                self.transfer, self.hosts, self.stopped, report,
            )  # fmt: skip
        except Failure as failure:
            return item, failure
        report(1.0)
        entry = self.locked.get(item.file) or LockedFile(
            sha256=sha256(path), size=path.stat().st_size, source=item.url, **item.about
        )
        return item, entry

    def _check(self, item: Wanted, path: Path) -> None:
        """Refuse a file that is no picture, or is another one than the lock says."""
        if item.sha256 and sha256(path) != item.sha256:
            raise Failure(f"another file (another SHA-256) than the published one is at {item.url}")
        must = self.locked.get(item.file)
        if must is not None and sha256(path) != must.sha256:
            raise Failure(f"now comes with another SHA-256 than {LOCK} says from {item.url}")
        try:
            load(path)
        except UserError as error:
            why = str(error).removeprefix(f"{path}: ").split(";")[0]
            raise Failure(
                f"what came from {item.url} is no good: {why}", passing="cut short" in why
            ) from error

    def _error(self, failures: Mapping[str, Failure], kept: int, count: int) -> UserError:
        reasons = {file: str(failure) for file, failure in sorted(failures.items())}
        again = "run the same command again to go on"
        if all(failure.offline for failure in failures.values()) and not self.hosts.reached:
            why = "; ".join(sorted(set(reasons.values())))
            have = f" ({kept} of {count} files are there already)" if kept else ""
            return UserError(
                f"no network: {why}{have}; connect and {again}, or {self.collection.instead}"
            )
        first = "; ".join(f"{file}: {why}" for file, why in list(reasons.items())[:3])
        more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        return UserError(
            f"{len(reasons)} of {count} files could not be fetched: {first}{more} "
            f"({kept} are there and kept; {again})"
        )
