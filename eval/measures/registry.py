"""Every measure by name.

A new one is one file and one line here, or an entry point of another package: a function that takes
a `eval.measures.context.Context` and returns a number for each output. ``dfr measure`` adds it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from dfr.core.errors import UserError
from dfr.core.plugins import Plugin, known, plugin

if TYPE_CHECKING:  # names are read without torch
    from eval.measures.context import Context


@dataclass(frozen=True)
class Measure:
    """A measure of one pair.

    Attributes:
        where: ``module:function``. The function takes a `eval.measures.context.Context` and returns
            a value for each output (or each two outputs): a number, or a number for each column.
        columns: the columns of its numbers in tables; its own name if empty.
        default: whether a run takes it as it goes. Others are added by ``dfr measure``: what costs
            much beside the rest, or needs weights that are no dependency.
        less_is_better: nearer to the style, or to the content.
        needs: what has to be prepared for it: ``lpips``, the E statistic's ``bases``, ``hed``.
    """

    where: str
    columns: tuple[str, ...] = ()
    default: bool = True
    less_is_better: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunMeasure:
    """A measure over a whole run: added by ``dfr measure``, never taken as a run goes.

    Attributes:
        where: ``module:function``. The function takes a `eval.measures.run_context.RunContext` and
            returns (label, mode) -> column -> number, with no entry where there is none.
        columns: of its numbers.
        network: the network that it needs, see `dfr.network.inception.SOURCES`.
        needs: columns of outputs that must have been measured.
    """

    where: str
    columns: tuple[str, ...]
    network: str
    needs: tuple[str, ...] = ()


_LAYERS = tuple(f"e_relu{block}_1" for block in range(1, 6))

_OF_OUTPUTS: Mapping[str, Measure] = MappingProxyType(
    {
        "style_loss": Measure("eval.measures.losses:style_loss", less_is_better=True),
        "relative_style_loss": Measure(
            "eval.measures.losses:relative_style_loss", less_is_better=True
        ),
        "content_loss": Measure("eval.measures.losses:content_loss", less_is_better=True),
        "style_gap_closed": Measure("eval.measures.losses:style_gap_closed"),
        "lpips_content": Measure(
            "eval.measures.lpips_distance:to_content", less_is_better=True, needs=("lpips",)
        ),
        "ssim_content": Measure("eval.measures.similarity:to_content"),
        "e_statistic": Measure(
            "eval.measures.effectiveness:to_style",
            columns=("e_statistic", *_LAYERS),
            needs=("bases",),
        ),
        "c_statistic": Measure("eval.measures.coherence:coherence"),
        "cfsd": Measure(
            "eval.measures.content_structure:to_content",
            columns=("cfsd", "cfsd_sum"),
            less_is_better=True,
        ),
        "sifid_style": Measure("eval.measures.single_image_frechet:to_style", less_is_better=True),
        "colour_style": Measure("eval.measures.colour:to_style", less_is_better=True),
        "c_learned": Measure(
            "eval.measures.coherence_learned:coherence", default=False, needs=("hed",)
        ),
    }
)
#: Measures of every two outputs of one method and pair.
PAIR_MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "lpips": Measure("eval.measures.lpips_distance:between_outputs", needs=("lpips",)),
        "lpips_vgg": Measure("eval.measures.lpips_distance:between_outputs_vgg", needs=("lpips",)),
        "pixel_distance": Measure("eval.measures.pixels:between_outputs"),
    }
)
#: Measures over a whole run, of each named output. Less is better in all of them.
RUN_MEASURES: Mapping[str, RunMeasure] = MappingProxyType(
    {
        "fid": RunMeasure("eval.measures.set_distances:fid", ("fid",), "inception"),
        "kid": RunMeasure("eval.measures.set_distances:kid", ("kid",), "inception"),
        "art_fid": RunMeasure(
            "eval.measures.set_distances:art_fid",
            ("art_fid", "art_fid_infinity", "fid_art"),
            "art-inception",
            needs=("lpips_content",),
        ),
    }
)
_OWN = (*_OF_OUTPUTS, *PAIR_MEASURES, *RUN_MEASURES)
#: Measures of each output; those of other packages come last.
OUTPUT_MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        **_OF_OUTPUTS,
        **{name: Measure("", default=False) for name in known("measure", _OWN) if name not in _OWN},
    }
)
MEASURES: Mapping[str, Measure] = MappingProxyType({**OUTPUT_MEASURES, **PAIR_MEASURES})
#: What a run measures as it goes.
DEFAULT: tuple[str, ...] = tuple(name for name, measure in MEASURES.items() if measure.default)


def columns_of(name: str) -> tuple[str, ...]:
    """Return the columns of a measure in tables."""
    return MEASURES[name].columns or (name,)


#: Columns of tables of outputs, of all measures.
OUTPUT_COLUMNS: tuple[str, ...] = tuple(
    column for name in OUTPUT_MEASURES for column in columns_of(name)
)
#: Likewise, of every two outputs.
PAIR_COLUMNS: tuple[str, ...] = tuple(
    column for name in PAIR_MEASURES for column in columns_of(name)
)
#: Columns of outputs that every run has from the start.
DEFAULT_OUTPUT_COLUMNS: tuple[str, ...] = tuple(
    column for name in OUTPUT_MEASURES if name in DEFAULT for column in columns_of(name)
)
#: Columns of the measures over a whole run.
RUN_COLUMNS: tuple[str, ...] = tuple(
    column for entry in RUN_MEASURES.values() for column in entry.columns
)
#: The columns of which less is better.
LESS_IS_BETTER = frozenset(
    column
    for name, measure in MEASURES.items()
    if measure.less_is_better
    for column in columns_of(name)
) | frozenset(RUN_COLUMNS)


#: The measures that other packages bring.
BROUGHT: tuple[str, ...] = tuple(name for name in OUTPUT_MEASURES if name not in _OF_OUTPUTS)


def less_is_better(column: str) -> bool:
    """Say whether less of a column is better; of another package's measure its function says it.

    Raises:
        UserError: that function cannot be had.
    """
    if column not in BROUGHT:
        return column in LESS_IS_BETTER
    theirs = brought(column)
    return theirs is not None and bool(getattr(theirs.load(), "less_is_better", False))


def brought(name: str) -> Plugin | None:
    """Return which package brings a measure, or None if it is this suite's.

    Raises:
        UserError: two have it.
    """
    return plugin("measure", name, _OWN)


def measure(context: Context, names: Iterable[str] = DEFAULT) -> dict[str, list[dict[str, object]]]:
    """Apply measures.

    Args:
        context: what they look at.
        names: of measures in the tables.

    Returns:
        ``outputs``: one row per output, with its mode; ``pairs``: one row per two outputs.

    Raises:
        UserError: one needs weights that cannot be had.
    """
    outputs: dict[str, dict[str, object]] = {mode: {"mode": mode} for mode in context.outputs}
    modes = list(context.outputs)
    pairs: dict[tuple[str, str], dict[str, object]] = {
        (a, b): {"mode_a": a, "mode_b": b} for i, a in enumerate(modes) for b in modes[i + 1 :]
    }
    for name in names:
        rows: Mapping[object, dict[str, object]]
        rows = outputs if name in OUTPUT_MEASURES else pairs  # type: ignore[assignment]
        theirs = brought(name)
        if theirs is None:
            found = pkgutil.resolve_name(MEASURES[name].where)(context)
        else:
            found = measured_by(theirs, context)
        for key, value in found.items():
            rows[key].update(value if isinstance(value, Mapping) else {name: value})
    return {"outputs": list(outputs.values()), "pairs": list(pairs.values())}


def measured_by(theirs: Plugin, context: Context) -> dict[str, float]:
    """Apply a measure of another package: mode -> number.

    Raises:
        UserError: it goes wrong, or has no number for some output.
    """
    function = theirs.load()
    with theirs.blamed():
        numbers = {str(mode): float(number) for mode, number in function(context).items()}
    if set(numbers) != set(context.outputs):
        raise UserError(
            f"{theirs}: gives numbers for {', '.join(numbers) or 'no output'}, and not for "
            f"{', '.join(context.outputs)}"
        )
    return numbers
