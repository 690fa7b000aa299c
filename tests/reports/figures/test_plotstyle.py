"""The ticks of logarithmic axes are plain text, and few enough to be read."""

from __future__ import annotations

import pytest

from reports.figures.plotstyle import PlainPowers, keep, plot


@pytest.mark.parametrize(
    ("value", "ends", "told"),
    [(1e-3, (1e-4, 1), "10⁻³"), (1e7, (1e6, 1e8), "10⁷"), (2.0, (1, 9), "2 × 10⁰"),
     (3.0, (1, 9), "3 × 10⁰"), (3.0, (1, 11), ""), (2.0, (1, 11), "2 × 10⁰")],
)  # fmt: skip
def test_ticks_are_plain_text(value, ends, told):
    with plot(3, 2) as figure:
        axes = figure.axes[0]
        axes.set_xscale("log")
        axes.set_xlim(*ends)
        formatter = PlainPowers(labelOnlyBase=False, minor_thresholds=(9, 9))
        axes.xaxis.set_major_formatter(formatter)
        formatter.set_locs([value])
        assert formatter(value, 0) == told


def test_a_chart_on_a_logarithmic_axis_has_its_powers_in_the_svg(tmp_path):
    import pandas as pd

    with plot(3, 2) as figure:
        axes = figure.axes[0]
        axes.plot([1e-3, 1e3], [1, 2])
        axes.set_xscale("log")
        kept = keep(figure, tmp_path, "chart", "A chart", "It rises.", pd.DataFrame({"x": [1]}))
    text = kept.png.with_suffix(".svg").read_text()
    assert "10⁻³" in text and "mathdefault" not in text
