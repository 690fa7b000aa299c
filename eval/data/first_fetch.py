"""The benchmark's own set, fetched before a run that names no pictures, where it can be reached."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from dfr.core.download import USER_AGENT
from dfr.core.errors import UserError
from eval.data.collection import COCO_URL, COMMONS_URL, Collection
from eval.data.fetch import Report, fetch

#: Seconds in which a server must answer at all; without a network no more than this is lost.
PROBE_SECONDS = 4.0
#: A photograph and a painting of the set, in MB: the mean of MSCOCO's val2017 (815 MB, 5000
#: files), and what Wikimedia Commons' JPEG files of this width have, roughly.
PHOTOGRAPH_MB, PAINTING_MB = 0.16, 0.4


def fetch_first(
    collection: Collection,
    folder: Path,
    tell: Callable[[str], None],
    report: Report = lambda _, __: None,
) -> str:
    """Fetch the set if its servers answer.

    Mirrors are named by the variables DFR_COCO_URL and DFR_COMMONS_URL, as for `dfr data fetch`.

    Args:
        collection: what to fetch.
        folder: the data folder.
        tell: told in one line what is about to be fetched, and how much it is.
        report: told of the progress.

    Returns:
        why it could not be fetched; empty if it was.
    """
    urls = {
        "coco_url": os.environ.get("DFR_COCO_URL") or COCO_URL,
        "commons_url": os.environ.get("DFR_COMMONS_URL") or COMMONS_URL,
    }
    wanted = collection.files(**urls)
    first = {urlsplit(item.url).netloc: item.url for item in reversed(wanted)}
    silent = _silent(first)
    if silent:
        return f"no connection to {' or '.join(silent)}"
    photographs, paintings = len(collection.contents), len(collection.styles)
    size = photographs * PHOTOGRAPH_MB + paintings * PAINTING_MB
    tell(
        f"pictures: fetching the benchmark's own set, {photographs} photographs and {paintings} "
        f"paintings, about {size:.0f} MB, into {folder} (--data embedded: not these)"
    )
    try:
        fetch(collection, folder, urls=urls, report=report)
    except UserError as error:
        return str(error)
    return ""


def _silent(urls: dict[str, str]) -> list[str]:
    """Return the hosts that do not answer within `PROBE_SECONDS`, looking names up included."""
    answered: set[str] = set()

    def ask(host: str, url: str) -> None:
        try:
            requests.head(url, timeout=PROBE_SECONDS, headers={"User-Agent": USER_AGENT})
        except requests.RequestException:
            return
        answered.add(host)

    # Daemons, since a name server that never answers cannot be given a time-out.
    threads = [
        threading.Thread(target=ask, args=item, daemon=True) for item in sorted(urls.items())
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + PROBE_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return sorted(set(urls) - answered)
