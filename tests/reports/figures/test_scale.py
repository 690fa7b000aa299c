"""The figures of the study of scale show what its tables hold."""

from __future__ import annotations

import pandas as pd
import pytest

from reports.figures import scale, scale_kept
from tests.conftest import ROOT

REPORTS = ROOT / "reports"


@pytest.fixture
def tables():
    return [pd.read_csv(REPORTS / "published" / f"{name}.csv") for name in ("scale", "scale_pairs")]


def test_a_number_by_size(tables, tmp_path):
    values = scale.values_of(*tables)
    figure = scale.by_size(values, "loss_ratio", scale_kept.NUMBERS["loss_ratio"], None, tmp_path)
    assert figure.png.is_file()
    drawn = pd.read_csv(figure.data)
    kept = pd.read_csv(REPORTS / "published" / "figures" / figure.data.name)
    pd.testing.assert_frame_equal(drawn, kept)
    (row,) = drawn[
        (drawn["mode"] == "pearson") & (drawn["longest"] == 96) & ~drawn["balanced"]
        & (drawn["depth"] == "published")
    ].to_dict("records")  # fmt: skip
    outputs = tables[0]
    same = outputs[(outputs["mode"] == "pearson") & (outputs["longest"] == 96)
                   & ~outputs["balanced"] & (outputs["iterations"] == 1000)]  # fmt: skip
    ratios = same["loss_ratio"]
    assert (row["min"], row["median"], row["max"]) == (ratios.min(), ratios.median(), ratios.max())


def test_distances_to_other_modes_leave_twins_out(tables):
    """At DFR's published size there are four outputs of two objectives: 0 is compared with 90."""
    values = scale.values_of(*tables)
    at = (values["number"] == "lpips_others") & (values["longest"] == 512)
    zero = values[at & (values["mode"] == "rot000")].set_index("pair")["value"]
    pairs = tables[1]
    wanted = pairs[(pairs["longest"] == 512) & (pairs["mode_a"] == "rot000")
                   & (pairs["mode_b"] == "rot090")].set_index("pair")["lpips"]  # fmt: skip
    pd.testing.assert_series_equal(zero.sort_index(), wanted.sort_index(), check_names=False)


def test_losses_over_iterations(tmp_path):
    losses = pd.read_csv(REPORTS / "gpu" / "scale.csv")
    figure = scale.over_iterations(losses, tmp_path)
    drawn = pd.read_csv(figure.data)
    assert set(drawn["longest"]) == {96, 128, 181, 256, 481, 512}
    kept = pd.read_csv(REPORTS / "published" / "figures" / figure.data.name)
    pd.testing.assert_frame_equal(drawn, kept)


def test_every_kept_figure_is_told():
    folder = REPORTS / "published" / "figures"
    kept = scale_kept.kept_figures(folder)
    assert {figure.png for figure in kept} == set(folder.glob("*.png"))
    assert all(figure.data.is_file() and figure.title and figure.caption for figure in kept)
    assert scale_kept.kept_figures(folder / "nothing") == []
