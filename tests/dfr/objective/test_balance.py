"""The published balance: a picture of another size has the terms of the published one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from baselines.decormst import DeCorMST
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.registry import build
from dfr.network.encoder import STYLE_LAYERS
from dfr.objective.balance import balanced, places
from dfr.objective.objective import Objective, Weights, joined, total_variation
from dfr.objective.published_size import DECORMST_SIZE, DFR_SIZE
from dfr.objective.style_terms import GRAM, STYLE_TERMS
from dfr.objective.targets import targets_of


@pytest.mark.parametrize("name", STYLE_TERMS)
def test_a_map_enlarged_by_repetition_has_the_same_balance(name):
    """The law: style terms at twice the side, as published, are those at the side, balanced."""
    term = STYLE_TERMS[name]
    draw = torch.Generator().manual_seed(0)
    found, wanted = (torch.rand(1, 6, 5, 7, generator=draw, dtype=torch.float64) for _ in range(2))

    def loss(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(term.apart(term(a), term(b)))

    def enlarged(maps: torch.Tensor) -> torch.Tensor:
        return maps.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    weights = balanced(Weights(), [term], ["block1_conv1"], (5, 7), (10, 14))
    factor = float(weights.style["block1_conv1"]) / Weights().style
    assert factor * loss(found, wanted) == pytest.approx(
        loss(enlarged(found), enlarged(wanted)), rel=1e-5
    )


def test_variation_counts_pixels():
    noise = torch.rand(1, 3, 64, 64)
    part = noise[:, :, :32, :32]
    weights = balanced(Weights(), [GRAM], STYLE_LAYERS, (32, 32), (64, 64))
    balanced_part = float(weights.variation) * float(total_variation(part))
    assert balanced_part == pytest.approx(30 * float(total_variation(noise)), rel=0.1)
    assert float(weights.content) == Weights().content


@pytest.mark.parametrize("size", [(48, 64), (53, 67)])
def test_places_are_those_of_the_network(encoder, size):
    found = encoder(torch.rand(1, 3, *size), STYLE_LAYERS)
    for layer in STYLE_LAYERS:
        assert places(layer, *size) == found[layer].shape[2] * found[layer].shape[3]


def test_at_the_published_size_the_balance_is_the_published_weights(content, style, encoder):
    terms = tuple(STYLE_TERMS.values())
    features = encoder(style, STYLE_LAYERS)
    targets = {
        layer: targets_of(terms, found.expand(len(terms), -1, -1, -1))
        for layer, found in features.items()
    }
    kept = encoder(content, ("block5_conv2",))
    size = (content.shape[2], content.shape[3])
    plain = Objective(kept, targets, terms, Weights())
    same = Objective(kept, targets, terms, balanced(Weights(), terms, STYLE_LAYERS, size, size))
    start = content.repeat(len(terms), 1, 1, 1)
    seen = encoder(start, plain.layers)
    assert torch.allclose(plain(start, seen).total, same(start, seen).total, rtol=1e-5)


def test_methods_take_the_balance(content, style, encoder):
    """At 32 x 40 the balance of Pearson and of variation is many times the plain weight."""
    assert (DFR_SIZE, DECORMST_SIZE) == ((422, 512), (321, 481))
    for method, size in ((DFR(), DFR_SIZE), (DeCorMST(), DECORMST_SIZE)):
        plain = method.problem(content, style, encoder).objective
        balance = replace(method, balanced=True).problem(content, style, encoder).objective
        start = content.repeat(len(plain.terms), 1, 1, 1)
        seen = encoder(start, plain.layers)
        before, after = plain(start, seen), balance(start, seen)
        assert torch.equal(before.content, after.content)
        pixels = size[0] * size[1] / (32 * 40)
        assert torch.allclose(after.variation, before.variation * pixels, rtol=1e-5)
        gains = (after.style / before.style).tolist()
        for mode, gain in zip(method.modes, gains, strict=True):
            if mode in ("pearson", "euclidean"):
                assert gain > 0.5 * pixels ** {"pearson": 2, "euclidean": 1}[mode]
            else:
                assert gain == pytest.approx(1)
    assert build("decormst", {"balanced": True}) == DeCorMST(balanced=True)


def test_objectives_of_several_pairs_go_in_one_batch(content, style, encoder):
    """Each output of a joined objective has the terms that it has alone."""
    terms = tuple(STYLE_TERMS.values())
    parts = []
    for picture, weights in ((content, Weights()), (content.flip(3), Weights(variation=0.0))):
        features = encoder(style, STYLE_LAYERS)
        targets = {
            layer: targets_of(terms, found.expand(len(terms), -1, -1, -1))
            for layer, found in features.items()
        }
        kept = encoder(picture, ("block5_conv2",))
        parts.append(Objective(kept, targets, terms, weights))
    count = len(terms)
    start = torch.cat([content.repeat(count, 1, 1, 1), style.repeat(count, 1, 1, 1)])
    seen = encoder(start, parts[0].layers)
    whole = joined(parts)(start, seen)
    for which, part in enumerate(parts):
        rows = slice(count * which, count * which + count)
        alone = part(start[rows], {layer: found[rows] for layer, found in seen.items()})
        for together, single in zip(whole, alone, strict=True):
            assert torch.allclose(together[rows], single, rtol=1e-5)
    turned = joined(parts).rows([7, 2])
    two = turned(start[[7, 2]], {layer: found[[7, 2]] for layer, found in seen.items()})
    assert torch.allclose(two.total, whole.total[[7, 2]], rtol=1e-4)
