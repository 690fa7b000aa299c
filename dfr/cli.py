"""The ``dfr`` command: a table of names. Each package brings its own commands.

A command's module is imported when that command is asked for, so that ``dfr --help`` loads neither
torch nor any package but this one, and a command loads only what it uses.
"""

from __future__ import annotations

import pkgutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

from dfr.core.errors import UserError
from dfr.core.terminal import complain


@dataclass(frozen=True)
class Entry:
    """Where a command stands.

    Attributes:
        where: ``module:function``, or ``module:app`` of a group of commands.
        help: one line for ``dfr --help``; for a command, the first line of its docstring.
        more: further commands of a group, of packages that the group's own may not import.
    """

    where: str
    help: str
    more: Mapping[str, str] = field(default_factory=dict)


#: Every command, in the order of ``dfr --help``. A new command is one function and one line here.
COMMANDS: Mapping[str, Entry] = MappingProxyType(
    {
        "stylize": Entry(
            "dfr.commands:stylize",
            "Stylize one picture: one PNG per output, a contact sheet, and stylization.json.",
        ),
        "methods": Entry(
            "dfr.methods.commands:methods",
            "List every method with the package that brings it.",
        ),
        "check-method": Entry(
            "dfr.methods.commands:check_method",
            "Check on small pictures that a method keeps its contract, in under a minute.",
        ),
        "modes": Entry(
            "dfr.commands:modes",
            "Audit the modes of DFR: which rotations are one and the same objective.",
        ),
        "lpips": Entry(
            "dfr.commands:lpips", "Print the LPIPS distance of two pictures (0 = the same)."
        ),
        "weights": Entry(
            "baselines.commands:app",
            "List every source of trained weights: present, verified, where; fetch published ones.",
        ),
        "reproduce": Entry(
            "reports.commands:reproduce",
            "Run the whole comparison and write its report. Run again to go on after a stop.",
        ),
        "report": Entry(
            "reports.commands:report",
            "Build the report of a finished (or half-finished) run again.",
        ),
        "verify": Entry(
            "eval.commands:verify",
            "Check a run's files, make some of its cells again, and compare.",
        ),
        "diff": Entry(
            "eval.commands:diff",
            "Show what differs between two runs, in settings and in numbers.",
        ),
        "measure": Entry(
            "eval.commands:measure",
            "Add measures to a run that is there, from the pictures that it keeps.",
        ),
        "diversity": Entry(
            "reports.commands:diversity",
            "Show how diverse a run's methods are, beside published rows and chance.",
        ),
        "submit": Entry(
            "eval.submissions.commands:submit",
            "Pack one method of a run, with its outputs and measures, for a leaderboard.",
        ),
        "leaderboard": Entry(
            "reports.leaderboard.commands:leaderboard",
            "Check a folder of entries, and write a page that ranks and shows them.",
        ),
        "published": Entry(
            "eval.commands:published",
            "Set our outputs of the published pairs beside the ones that DFR's authors published.",
        ),
        "race": Entry(
            "eval.speed.commands:race",
            "Time our steps and the fast solver against the published setting, here and now.",
        ),
        "scale": Entry(
            "eval.speed.commands:scale",
            "Measure how time and memory grow with pixels, outputs and pairs, on this machine.",
        ),
        "check-solver": Entry(
            "eval.speed.commands:check_solver",
            "Compare our published solver's pictures with those of the same loop in TensorFlow.",
        ),
        "data": Entry(
            "eval.data.commands:app",
            "The benchmark's pictures: fetch them, take local folders instead, show them.",
        ),
        "votes": Entry(
            "studies.commands:app",
            "The user study: plan it, move its ballots, rank the methods.",
            more={"rank": "reports.votes.commands:rank"},
        ),
    }
)


class _ByName(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def load(name: str) -> Any:
    """Import a command or group of commands by its name in `COMMANDS`."""
    entry = COMMANDS[name]
    found = pkgutil.resolve_name(entry.where)
    if not isinstance(found, typer.Typer):
        command, found = found, typer.Typer(add_completion=False, rich_markup_mode=None)
        found.command(name)(command)
    known = {command.name for command in found.registered_commands}
    for extra, where in entry.more.items():
        if extra not in known:
            found.command(extra)(pkgutil.resolve_name(where))
    return typer.main.get_command(found)


app = typer.Typer(
    name="dfr",
    cls=_ByName,
    help="Multimodal neural style transfer: Deep Feature Rotation, its baselines, and the "
    "benchmark that compares them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def _dfr() -> None:
    pass


class _Stopped(BaseException):
    """Ctrl-C. (Typer would turn a KeyboardInterrupt into silence.)"""


def _stop(*_: object) -> None:
    raise _Stopped


def main(arguments: list[str] | None = None) -> None:
    """Run the command; what a person can mend is one line on stderr and exit code 2.

    Args:
        arguments: those of this process if None.
    """
    before = signal.signal(signal.SIGINT, _stop)
    try:
        app(arguments, prog_name="dfr", standalone_mode=True)
    except UserError as error:
        complain(str(error))
        sys.exit(2)
    except _Stopped as stop:
        where = " ".join(["stopped", *getattr(stop, "__notes__", ())])
        complain(f"{where}; what was finished is kept, and a run goes on with the same command")
        sys.exit(2)
    except (RuntimeError, MemoryError) as error:
        from dfr.core.memory import out_of_memory

        short = out_of_memory(error)
        if short is None:
            raise
        complain(str(short))
        sys.exit(2)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
