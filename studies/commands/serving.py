"""The command of ``dfr votes`` that serves the page to many people."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dfr.core.terminal import console
from studies.commands.options import DatabaseOption, NamedStudy, app, open_named


class _EndedError(Exception):
    """Somebody asked the page to end."""


def _end(*_: object) -> None:
    raise _EndedError


@app.command()
def serve(
    study: NamedStudy,
    database: DatabaseOption = None,
    processes: Annotated[
        int, typer.Option(help="Of the page; more than one need nginx.", min=1, max=64)
    ] = 4,
    address: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen.", min=1, max=65535)] = 8501,
) -> None:
    """Serve the voting page with several processes; each visitor stays with one of them.

    A process that ends is started again. Whoever it served loads the page again and goes on.
    Ctrl-C ends all of it. Before the internet, put something that speaks HTTPS in front.
    """
    from studies.ballots.location import database_of, sqlite_file
    from studies.design.study import study_file
    from studies.serving import nginx
    from studies.serving.processes import (
        Page,
        check_free,
        end,
        free_ports,
        wait_until_all_answer,
        watch,
    )
    from studies.serving.watchdog import Watchdog

    file = study_file(study)
    opened = open_named(study, database)  # what is wrong with the study is said before it is shown
    opened.ballots.close()
    url = database_of(file.parent.resolve(), database)
    if processes > 1 and sqlite_file(url) is not None:
        console.print("SQLite is enough for a class; for more people name a PostgreSQL database")
    check_free(address, port)
    alone = processes == 1
    places = [(address, port)] if alone else [("127.0.0.1", each) for each in free_ports(processes)]
    pages: list[Page] = []
    proxy: subprocess.Popen[bytes] | None = None
    watchdog = Watchdog()

    def running() -> list[subprocess.Popen[bytes]]:
        return [*(page.process for page in pages), *([proxy] if proxy is not None else [])]

    def guard() -> None:
        watchdog.guard(running())

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _end)
    with tempfile.TemporaryDirectory(prefix="voting-page-") as folder:
        try:
            for place in places:
                pages.append(Page(file, url, *place))
                guard()
            wait_until_all_answer(pages)
            if not alone:
                proxy = nginx.start(Path(folder), address, port, [page.port for page in pages])
                guard()
            console.print(
                f"study '{escape(opened.study.name)}': http://{address}:{port} "
                f"({processes} process{'' if alone else 'es'}; Ctrl-C ends it)",
                soft_wrap=True,
            )
            watch(pages, proxy, lambda line: console.print(escape(line), soft_wrap=True), guard)
        except _EndedError:
            console.print("the page has ended; all answers are in the ballots")
        finally:
            end(running())
            watchdog.guard([])
            watchdog.close()
