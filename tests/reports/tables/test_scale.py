"""From which size on a balanced run may conclude: the table is read as it stands."""

from __future__ import annotations

import pandas as pd
import pytest

from eval.published.scale import METHODS
from eval.published.scale_conclusions import CONCLUSIONS, DIVERSE, IN_WORDS, ORDERS
from reports.tables import scale


@pytest.fixture
def table(monkeypatch):
    """Rows of one conclusion each: agreed from 128 on, at no smaller size, and not at all."""
    rows = [
        ("loss_falls", "gram", "", "yes", True, 128),
        ("loss_falls", "gram", "", "yes", False, None),
        ("loss_falls", "euclidean", "", "pairs disagree", True, None),
        ("higher_e", "gram", "pearson", "yes", True, 181),
    ]
    names = ["conclusion", "mode", "other_mode", "published", "balanced", "least_side"]
    frame = pd.DataFrame(rows, columns=names).assign(method="decormst", depth="published")
    monkeypatch.setattr(scale, "conclusions", lambda: frame)


@pytest.mark.parametrize(
    ("asked", "side"),
    [
        (("loss_falls", "gram"), 128),
        (("loss_falls", "pearson"), 481),
        (("loss_falls", "euclidean"), None),
        (("higher_e", "gram", "pearson"), 181),
        (("higher_e", "pearson", "gram"), 181),
        (("higher_e", "gram", "cosine"), 481),
    ],
)
@pytest.mark.usefixtures("table")
def test_the_least_side_of_a_conclusion(asked, side):
    """What was not studied, or agrees at no smaller size, needs the published one."""
    assert scale.least_side("decormst", *asked) == side


@pytest.mark.usefixtures("table")
def test_without_the_balance_more_is_needed():
    assert scale.least_side("decormst", "loss_falls", "gram", balanced=False) == 481


def test_the_table_holds_every_conclusion_of_the_modes_that_were_studied():
    table = scale.conclusions()
    assert set(table["conclusion"]) == set(IN_WORDS) == {*CONCLUSIONS, *ORDERS, DIVERSE}
    for method, (settings, size, _) in METHODS.items():
        rows = table[table["method"] == method]
        assert set(rows["mode"]) <= set(settings.modes)
        assert rows["least_side"].dropna().between(96, max(size) - 1).all()
        assert not (rows["published"] == "pairs disagree")[rows["least_side"].notna()].any()
    # The one conclusion that the suite once had wrong, in both directions.
    assert scale.least_side("decormst", "loss_falls", "pearson") == 96
    assert scale.least_side("decormst", "loss_falls", "pearson", balanced=False) > 128
