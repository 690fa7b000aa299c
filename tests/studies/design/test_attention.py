"""The rule that leaves people out: who is judged wrongly, and how often."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from studies.design.attention import LIMIT, SLIP, Rule, distance, shortest_rule
from studies.design.study import Study


def test_chances_are_those_of_simulated_people():
    random = np.random.default_rng(1)
    for rule in (Rule(9, 2), Rule(3, 2), Rule(12, 3)):
        for right in (1 / 2, 1 / 3, 1 - SLIP):
            failed = (random.random((40_000, rule.catches)) >= right).sum(axis=1)
            kept = float((failed < rule.drop_at).mean())
            assert rule.survival(right) == pytest.approx(kept, abs=0.008), (rule, right)


def test_the_published_size_of_three_catches_lets_clickers_through_and_the_default_does_not():
    assert Rule(3, 2).survival(1 / 2) == pytest.approx(0.5)
    assert not Rule(3, 2).catches_clickers
    study = Study(name="s")
    rule = Rule(study.catches, study.drop_at)
    assert rule.catches_clickers
    assert rule == shortest_rule()
    assert max(rule.told().values()) < LIMIT
    assert not Rule(9, 1).catches_clickers  # would leave honest people out
    assert not Rule(0, 1).catches_clickers


def test_distance_is_none_between_equals_and_large_between_colours():
    grey, red = (Image.new("RGB", (80, 60), colour) for colour in ("grey", "red"))
    assert distance(grey, grey) == 0
    assert distance(grey, red) > 30
    grain = np.random.default_rng(0).integers(112, 145, (60, 80, 3), dtype=np.uint8)
    assert distance(grey, Image.fromarray(grain)) < 10 < distance(grey, Image.new("RGB", (8, 6)))
