"""Stimuli and settings of studies to plan."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import product

from hypothesis import strategies as st

from studies.design.design import make_design
from studies.design.trial import Stimuli, Trial

PUBLISHED = {
    "participants": 30, "trials": 20, "practice": 2, "repeats": 2, "catches": 3, "judges": 3,
    "seed": 0,
}  # fmt: skip


def stimuli(
    methods: int,
    contents: int,
    styles: int,
    modes: Mapping[int, int] | None = None,
    without: Collection[tuple[int, int]] = (),
    strong: bool = True,
) -> Stimuli:
    """A grid with given numbers; ``modes`` says which methods have more than one."""
    labels = tuple(f"m{number}" for number in range(methods))
    pairs = tuple(
        (f"c{i}", f"s{j}") for i in range(contents) for j in range(styles) if (i, j) not in without
    )
    return Stimuli(
        methods=labels,
        outputs={
            (*pair, label): tuple(f"k{mode}" for mode in range((modes or {}).get(number, 1)))
            for pair in pairs
            for number, label in enumerate(labels)
        },
        pairs=pairs,
        strong=dict.fromkeys(pairs, (labels[-1], "k0")) if strong else {},
    )


CONTENTS, STYLES = ("cat", "dog", "sea"), ("ink", "oil", "wax", "sun")
PAIRS = tuple(product(CONTENTS, STYLES))


def named_stimuli(methods: tuple[str, ...]) -> Stimuli:
    """All of `PAIRS` with some methods, of which "a" has two modes and "b" is strong."""
    return Stimuli(
        methods,
        {
            (*pair, method): ("0", "1") if method == "a" else ("0",)
            for pair in PAIRS
            for method in methods
        },
        PAIRS,
        dict.fromkeys(PAIRS, ("b", "0")),
    )


def votes_of(trials: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.kind == "vote"]


def meeting(trial: Trial) -> tuple[str, str]:
    a, b = sorted((trial.left.method, trial.right.method))
    return a, b


def spread(shown: Iterable[object], there: int) -> int:
    """Most minus least frequent of ``there`` things."""
    counts = Counter(shown)
    assert len(counts) <= there
    return max(counts.values(), default=0) - (min(counts.values()) if len(counts) == there else 0)


@st.composite
def plans(draw):
    """Stimuli on a full grid and settings that they are enough for."""
    methods = draw(st.integers(2, 5))
    modes = {0: draw(st.integers(1, 4)), 1: draw(st.integers(1, 3))}
    contents, styles = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    meetings = methods * (methods - 1) // 2
    # Two methods with one output each limit what one participant can see.
    least = contents * styles * (modes[0] * modes[1] if methods == 2 else 1)
    if methods == 3:
        least = contents * styles * min(modes.values())
    trials = draw(st.integers(1, min(least * meetings, 30)))
    asked = {
        "participants": draw(st.integers(1, 14)),
        "trials": trials,
        "practice": draw(st.integers(0, 3)),
        "repeats": draw(st.integers(0, min(trials, 5))),
        "catches": draw(st.integers(0, 5)),
        "judges": draw(st.integers(1, 5)),
        "seed": draw(st.integers(0, 2**63 - 1)),
    }
    return stimuli(methods, contents, styles, modes), asked


def digest(material: Stimuli) -> str:
    """SHA-256 of a plan in which units run out, so that every way to draw is taken."""
    design = make_design(material, **{**PUBLISHED, "trials": 36, "participants": 6})
    return hashlib.sha256(repr(design).encode()).hexdigest()
