"""One file over HTTP: with time-outs, retries, and a check of what came."""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from dfr.core.version import VERSION

#: Wikimedia and others turn away programs that do not say what they are.
USER_AGENT = f"dfr-suite/{VERSION} (benchmark of neural style transfer)"
#: A server that asks for a longer pause than this, in seconds, is not waited for.
MAX_PAUSE = 120.0
#: Answers that say "not now". Every other refusal is final.
_NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Transfer:
    """How to fetch.

    Attributes:
        timeout: seconds without a byte after which a transfer is given up.
        retries: further tries of a file whose transfer failed in a way that may pass.
        pause: seconds before the first further try, doubled before each one after it.
        workers: files at a time; few, since the servers are other people's.
        patience: a file may take this many time-outs as a whole, however it trickles.
        most: bytes; a file that has more is not the one that was asked for.
    """

    timeout: float = 30.0
    retries: int = 4
    pause: float = 1.0
    workers: int = 4
    patience: float = 10.0
    most: int = 64 * 2**20


class Failure(Exception):
    """A file that could not be fetched, and why, in a few words.

    Args:
        why: without the file's name.
        passing: whether another try may help.
        pause: seconds for which the server asks before it.
        offline: whether nothing answered at all.
    """

    def __init__(
        self,
        why: str,
        *,
        passing: bool = False,
        pause: float | None = None,
        offline: bool = False,
    ) -> None:
        super().__init__(why)
        self.passing, self.pause, self.offline = passing, pause, offline


@dataclass
class Hosts:
    """Which hosts were found to answer, and which not, by all downloads that share this."""

    reached: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)


class _Meter:
    """The progress bar as pooch wants one: counts bytes, and ends what goes on for too long."""

    def __init__(self, report: Callable[[float], None], seconds: float, most: int) -> None:
        self._report, self._end, self._most = report, time.monotonic() + seconds, most
        self._total, self._bytes, self.answered = 0, 0, False

    @property
    def total(self) -> int:
        """Bytes that the server has promised; 0 if it does not say."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self.answered, self._total = True, total
        self._check()

    def update(self, amount: int) -> None:
        self._bytes += amount
        self._check()
        if self._total:
            self._report(min(1.0, self._bytes / self._total))

    def reset(self) -> None:
        self._bytes = 0

    def close(self) -> None:
        pass

    def _check(self) -> None:
        if max(self._total, self._bytes) > self._most + 2**20:
            raise Failure(
                f"has more than {self._most // 2**20} MB, which is not what was asked for"
            )
        if time.monotonic() > self._end:
            raise Failure("came too slowly and was given up", passing=True)


def download(
    url: str,
    to: Path,
    check: Callable[[Path], None],
    transfer: Transfer,
    hosts: Hosts,
    stopped: threading.Event,
    report: Callable[[float], None] = lambda _: None,
) -> None:
    """Fetch one file, with further tries where they may help.

    Args:
        url: from where.
        to: the file to write; what is there is overwritten.
        check: looks at the whole file and raises `Failure` if it is not what was asked for.
        transfer: how.
        hosts: shared by all files, so that a host which never answers is not asked for each.
        stopped: set when nobody waits any more.
        report: told the fraction that has come.

    Raises:
        Failure: it cannot be had.
    """
    host = urlsplit(url).netloc
    for attempt in range(transfer.retries + 1):
        if stopped.is_set() or host in hosts.silent:
            raise Failure(f"no connection to {host}", offline=True)
        try:
            _once(url, to, transfer, hosts, report)
            check(to)
            return
        except Failure as failure:
            last = failure
        if last.offline and host not in hosts.reached and attempt:
            hosts.silent.add(host)  # asked twice, and never answered anybody
            raise last
        if not last.passing or attempt == transfer.retries:
            break
        pause = transfer.pause * 2**attempt if last.pause is None else last.pause
        if pause > MAX_PAUSE:
            raise Failure(f"{last}, and the server asks for a pause of {pause:.0f} s")
        report(0.0)
        stopped.wait(pause)
    if last.passing and transfer.retries and not last.offline:
        raise Failure(f"{last}, {transfer.retries + 1} times")
    raise last


def _once(
    url: str, to: Path, transfer: Transfer, hosts: Hosts, report: Callable[[float], None]
) -> None:
    host = urlsplit(url).netloc
    meter = _Meter(report, transfer.timeout * transfer.patience, transfer.most)
    get = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=8192,
        timeout=(min(transfer.timeout, 10.0), transfer.timeout),
        # What is fetched is compressed already; only of plain bytes the promised number is known.
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
    )
    try:
        get(url, str(to), None)
    except requests.HTTPError as error:
        hosts.reached.add(host)
        raise _refused(error, url) from error
    except (requests.ConnectionError, requests.Timeout) as error:
        if meter.answered or isinstance(error, requests.ReadTimeout):
            hosts.reached.add(host)
            raise Failure(f"{host} stalled or broke off", passing=True) from error
        raise Failure(_silence(error, host), passing=True, offline=True) from error
    except requests.exceptions.ChunkedEncodingError as error:
        hosts.reached.add(host)
        raise Failure("came cut short", passing=True) from error
    except requests.RequestException as error:
        raise Failure(f"{url} cannot be fetched ({type(error).__name__})") from error
    except OSError as error:
        raise Failure(f"cannot be written ({error.strerror or error})") from error
    hosts.reached.add(host)
    came = to.stat().st_size
    if meter.total and came != meter.total:  # not every version of urllib3 tells
        raise Failure(f"came cut short ({came} of {meter.total} bytes)", passing=True)


def _refused(error: requests.HTTPError, url: str) -> Failure:
    response = error.response
    assert response is not None
    status = response.status_code
    if status == 404:
        return Failure(f"404, not found at {url}")
    if status not in _NOT_NOW:
        return Failure(f"answer {status} {response.reason or ''}".strip() + f" at {url}")
    asked = response.headers.get("Retry-After")
    return Failure(f"answer {status}", passing=True, pause=_seconds(asked))


def _seconds(asked: str | None) -> float | None:
    """Read a Retry-After header: seconds, or a date."""
    if asked is None:
        return None
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return None


def _silence(error: Exception, host: str) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return f"the certificate of {host} is not accepted here"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not lead to {host}"
    return f"no connection to {host}"
