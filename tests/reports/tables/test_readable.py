"""Numbers as people read them."""

from __future__ import annotations

import numpy as np
import pytest

from reports.tables.readable import readable, readable_p


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0"), (12.3456, "12.35"), (2.5e7, "2.5e7"), (4e-5, "4e-5"), (np.nan, "–"), ("a", "a")],
)
def test_a_number_has_four_digits(value, told):
    assert readable(value) == told


@pytest.mark.parametrize("column", ["p", "p (Holm)", "p (all pairs at once)"])
def test_a_small_p_is_not_told_as_a_number(column):
    assert readable(3e-12, column) == "< 0.0001"
    assert readable(0.0, column) == "< 0.0001"
    assert readable(1e-4, column) == "0.0001"
    assert readable(0.01234, column) == "0.012"
    assert readable(np.nan, column) == "–"
    assert readable(3e-12, "pairs") == "3e-12"


def test_a_p_in_a_sentence():
    assert f"p {readable_p(0.03, '= ')}" == "p = 0.03"
    assert f"p {readable_p(1e-9, '= ')}" == "p < 0.0001"
