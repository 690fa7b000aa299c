"""From which size on a balanced run may conclude what the published size shows.

Read from ``reports/published/scale_conclusions.csv``, which `eval.published.scale_conclusions`
makes of the study of scale. ``python -m reports.tables.scale`` prints its summary.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from eval.analysis.published_numbers import SIZES
from eval.published.scale_conclusions import IN_WORDS, NO_MINIATURE

#: The longer sides of the study below the published ones, in pixels.
SIDES = (96, 128, 181, 256)
TABLE = Path(__file__).parents[1] / "published" / "scale_conclusions.csv"


def least_side(
    method: str,
    conclusion: str,
    mode: str,
    other_mode: str = "",
    *,
    balanced: bool = True,
    depth: str = "published",
) -> int | None:
    """Return the least longer side at which a conclusion is that of the published size.

    That is the published longer side itself where no smaller one agrees, or where smaller ones
    were not studied.

    Args:
        method: ``dfr`` or ``decormst``.
        conclusion: its name in `eval.published.scale_conclusions.IN_WORDS`.
        mode: the mode it is about.
        other_mode: the second one, where it is about two; in any order.
        balanced: with the published balance, or with the published weights as they are.
        depth: ``300`` iterations, or the ``published`` number, of the published Adam.

    Returns:
        pixels; None where pairs disagree at the published size, so nothing can be concluded.
    """
    table = conclusions()
    modes = [(mode, other_mode), (other_mode, mode)]
    named = pd.Series(list(zip(table["mode"], table["other_mode"], strict=True)))
    rows = table[(table["method"] == method) & (table["conclusion"] == conclusion)
                 & named.isin(modes)]  # fmt: skip
    if (rows["published"] == "pairs disagree").any():
        return None
    rows = rows[(rows["balanced"] == balanced) & (rows["depth"] == depth)]
    found = rows["least_side"].dropna()
    return int(found.iloc[0]) if len(found) else max(SIZES[method])


@cache
def conclusions() -> pd.DataFrame:
    """Return the table of conclusions, see `eval.published.scale_conclusions.conclusions`."""
    return pd.read_csv(TABLE, keep_default_na=False, na_values={"least_side": [""]})


def summary(depth: str = "published") -> pd.DataFrame:
    """Return how many conclusions agree with the published size from which longer side on.

    Args:
        depth: see `least_side`.

    Returns:
        one row for each kind: its words; ``told``, on how many modes or pairs of modes all pairs of
        pictures agree at the published size; and of those, with the balance (``balanced_96`` and so
        on) and without (``plain_96``), how many may be concluded from that side on. Modes without a
        miniature are left out.
    """
    table = conclusions()
    small = ~table["mode"].isin(NO_MINIATURE) & ~table["other_mode"].isin(NO_MINIATURE)
    table = table[small & (table["depth"] == depth) & (table["published"] != "pairs disagree")]
    rows = []
    for name, words in IN_WORDS.items():
        kind = table[table["conclusion"] == name]
        row = {"conclusion": words, "told": int(kind["balanced"].sum())}
        for balanced, prefix in ((True, "balanced"), (False, "plain")):
            least = kind[kind["balanced"] == balanced]["least_side"]
            row |= {f"{prefix}_{side}": int((least <= side).sum()) for side in SIDES}
        rows.append(row)
    return pd.DataFrame(rows)


def readable_summary(depth: str = "published") -> pd.DataFrame:
    """Return `summary` with columns for readers."""
    words = {"balanced": "balanced", "plain": "as they are"}
    return summary(depth).rename(
        columns=lambda name: (
            f"{words[name.partition('_')[0]]}, {name.partition('_')[2]} px" if "_" in name else name
        )
    )


def summary_in_markdown(depth: str = "published") -> str:
    """Return `summary` as a table of Markdown."""
    heads = [f"{what} {side}" for what in ("balanced", "as they are") for side in SIDES]
    lines = [
        f"| conclusion | told | {' | '.join(heads)} |",
        "|---" * (2 + len(heads)) + "|",
    ]
    lines += [
        "| " + " | ".join(str(value) for value in row.values()) + " |"
        for row in summary(depth).to_dict("records")
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(summary_in_markdown())
