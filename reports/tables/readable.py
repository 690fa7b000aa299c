"""Numbers, column names and tables as people read them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

#: Columns whose name is not just their words.
_TITLES = {
    "own_gap_closed": "own target reached",
    "relative_style_loss": "style loss / style's scale",
    "lpips_content": "LPIPS to content",
    "ssim_content": "SSIM to content",
    "e_statistic": "E",
    **{f"e_relu{block}_1": f"E, relu{block}_1" for block in range(1, 6)},
    "c_statistic": "C",
    "fid": "FID",
    "kid": "KID",
    "faithful": "faithful diversity",
    "art_fid": "ArtFID",
    "art_fid_infinity": "ArtFID infinity",
    "fid_art": "FID, art-Inception",
    "c_learned": "C, learned contours",
    "cfsd": "CFSD, mean of rows",
    "cfsd_sum": "CFSD, sum of rows",
    "sifid_style": "SIFID-like distance to style",
    "colour_style": "colour distance to style",
    "diversity": "LPIPS diversity",
    "diversity_vgg": "LPIPS diversity, VGG",
}


def column_title(name: str) -> str:
    """Return what readers see instead of a measure's name."""
    return _TITLES.get(name, name.replace("_", " "))


def readable_tests(titles: Mapping[str, str], tests: pd.DataFrame) -> pd.DataFrame:
    """Return the paired tests with titles for labels and short column names."""
    return pd.DataFrame(
        {
            "measure": tests["measure"].map(column_title),
            "a": tests["a"].map(titles),
            "b": tests["b"].map(titles),
            "pairs": tests["pairs"],
            "a − b": tests["difference"],
            "low": tests["low"],
            "high": tests["high"],
            "effect d": tests["effect"],
            "a larger in": [f"{share:.0%}" for share in tests["a_larger"]],
            "p": tests["p"],
            "p (Holm)": tests["p_holm"],
        }
    )


def readable_solvers(effect: pd.DataFrame) -> pd.DataFrame:
    """Return what the solver changes with short column names."""

    def titled(name: str) -> str:
        measure, comma, solver = name.partition(", ")
        return f"{column_title(measure)}{comma}{solver}"

    return effect.rename(columns={"loss": "loss of a / b", "solvers": "a / b"}).rename(
        columns=titled
    )


def readable(value: object, column: object = "") -> str:
    """Format a number for people: four significant digits, and a dash for none.

    Args:
        value: a number, or anything else, which is written as it is.
        column: the title of its column; p-values (``p``, ``p (Holm)``) have two digits, and where
            they are below 0.0001 only that is told.
    """
    if isinstance(value, float):
        if value != value:
            return "–"
        if str(column).split(" (")[0] == "p":
            return readable_p(value)
        if value and not 1e-3 <= abs(value) < 1e5:
            return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
        return f"{value:.4g}"
    return str(value)


def readable_p(p: float, equals: str = "") -> str:
    """Write a p-value; how far below 0.0001 it is no test here can tell.

    Args:
        p: the value.
        equals: what stands before it where it is told, such as ``= ``.
    """
    return "< 0.0001" if p < 1e-4 else f"{equals}{p:.2g}"
