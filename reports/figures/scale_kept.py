"""The figures of the study of scale as they are kept, and what each says.

They are drawn once, by `reports.figures.scale`, into ``reports/published/figures``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from eval.published.scale_conclusions import GAP_CLOSED, LOSS_FALLEN
from reports.figures.plotstyle import Figure


@dataclass(frozen=True)
class Number:
    """A number of ``scale.csv`` and how it is drawn.

    Attributes:
        title: of its figure.
        axis: what stands at the y axis, with the unit.
        caption: what to see.
        scale: of the y axis.
        rule: a value that decides a conclusion, drawn as a line.
    """

    title: str
    axis: str
    caption: str
    scale: str = "linear"
    rule: float | None = None


NUMBERS: Mapping[str, Number] = MappingProxyType(
    {
        "loss_ratio": Number(
            "Last loss over first",
            "last loss / first",
            "Each loss is the one that was minimised. Below the line it has fallen.",
            "log",
            LOSS_FALLEN,
        ),
        "style_gap_own": Number(
            "Gap to its own target that is closed",
            "gap closed (1 = target)",
            "In the method's own statistic and target; 0 is the content picture.",
            rule=GAP_CLOSED,
        ),
        "style_gap_unrotated": Number(
            "Gap to the unrotated style that is closed",
            "gap closed (1 = style)",
            "In Gram matrices, as every method is measured here; 0 is the content picture.",
            rule=GAP_CLOSED,
        ),
        "content_loss": Number(
            "Content loss",
            "1e4 × mean square of relu5_2",
            "In the shared setting.",
            "log",
        ),
        "e_above": Number(
            "E statistic above that of the content picture",
            "E − E of content (no unit)",
            "E itself depends on the size, through the number of places: its difference from the "
            "content picture's is drawn. Above the line an output is nearer to the style.",
            rule=0.0,
        ),
        "c_statistic": Number(
            "C statistic", "C (0 to 1)", "1 where all contours of the content are kept."
        ),
        "lpips_content": Number(
            "LPIPS to the content picture", "LPIPS (AlexNet)", "0 is the content picture."
        ),
        "lpips_others": Number(
            "LPIPS to the other modes",
            "LPIPS (AlexNet)",
            "Mean over the method's other modes (DFR: 0° and 90°). The black line is the floor of "
            "chance: two outputs of one objective, the median over pairs.",
        ),
    }
)

#: Of the captions of numbers by size.
POINTS = "Points are medians of three pairs, bars their range."
#: Title and caption of the losses.
OVER_ITERATIONS = (
    "Losses over iterations",
    "Medians of three pairs. Balanced, a small run's loss takes the published way.",
)


def kept_figures(folder: Path) -> list[Figure]:
    """Return the figures as they lie in ``reports/published/figures``; those that are there."""
    told = {
        f"scale_{name}": (number.title, f"{number.caption} {POINTS}")
        for name, number in NUMBERS.items()
    }
    told["scale_over_iterations"] = OVER_ITERATIONS
    return [
        Figure(name, title, caption, png, png.with_suffix(".csv"))
        for name, (title, caption) in told.items()
        if (png := folder / f"{name}.png").is_file()
    ]
