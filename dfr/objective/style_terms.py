"""Every style term by its name.

A new one is a file with a `StyleTerm`, and one line here, or an entry point of another package.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dfr.core.errors import UserError, unknown
from dfr.core.plugins import known, plugin
from dfr.objective.central_moments import CENTRAL_MOMENTS
from dfr.objective.feature_statistics import STATISTICS
from dfr.objective.mean_deviation import MEAN_DEVIATION
from dfr.objective.sliced_wasserstein import SLICED_WASSERSTEIN
from dfr.objective.style_term import StyleTerm

#: Of DeCorMST's statistics, those that are not means over places: Pearson's is not divided by N,
#: and Euclidean distances grow with the root of N.
_GROWTH = {"pearson": 2, "euclidean": 1}

#: DeCorMST's five, in its order, and then others.
STYLE_TERMS: Mapping[str, StyleTerm] = MappingProxyType(
    {
        **{
            name: StyleTerm(name, statistic, growth=_GROWTH.get(name, 0))
            for name, statistic in STATISTICS.items()
        },
        **{term.name: term for term in (SLICED_WASSERSTEIN, MEAN_DEVIATION, CENTRAL_MOMENTS)},
    }
)
#: The one of Gatys et al. and of DFR.
GRAM = STYLE_TERMS["gram"]


def style_term(name: str) -> StyleTerm:
    """Look a style term up by name, among those of other packages too.

    Raises:
        UserError: there is none of this name, or it cannot be had.
    """
    theirs = plugin("style term", name, STYLE_TERMS)
    if theirs is not None:
        found = theirs.load()
        if not isinstance(found, StyleTerm) or found.name != name:
            raise UserError(f"{theirs}: {theirs.where} must be a StyleTerm of this name")
        return found
    if name not in STYLE_TERMS:
        raise unknown("style term", name, known("style term", STYLE_TERMS))
    return STYLE_TERMS[name]
