from __future__ import annotations

import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS
from dfr.objective.feature_statistics import gram
from dfr.objective.objective import (
    Objective,
    Terms,
    Weights,
    shared_objective,
    total_variation,
    yardstick,
)
from dfr.objective.style_terms import GRAM, STYLE_TERMS
from dfr.objective.targets import same_targets, target_distances, targets_of


@torch.no_grad()
def test_the_shared_setting_written_out(encoder, content, style):
    """Each term in NumPy, from the features alone."""
    picture = (content + style) / 2
    features, of_content, of_style = (encoder(p) for p in (picture, content, style))
    objective = Objective(
        content={"block5_conv2": of_content["block5_conv2"]},
        style={layer: gram(of_style[layer]) for layer in STYLE_LAYERS},
    )
    terms = objective(picture, features)

    def matrix(layer, source):
        rows = source[layer][0].flatten(1).double().numpy()
        return rows @ rows.T / rows.shape[1]

    by_layer = [
        np.mean((matrix(layer, features) - matrix(layer, of_style)) ** 2) for layer in STYLE_LAYERS
    ]
    difference = features["block5_conv2"] - of_content["block5_conv2"]
    array = picture[0].double().numpy()
    variation = np.abs(np.diff(array, axis=1)).sum() + np.abs(np.diff(array, axis=2)).sum()
    assert float(terms.style) == pytest.approx(1e-2 * np.mean(by_layer), rel=1e-4)
    assert float(terms.content) == pytest.approx(1e4 * float(difference.square().mean()), rel=1e-4)
    assert float(terms.variation) == pytest.approx(30 * variation, rel=1e-4)
    assert float(terms.total) == pytest.approx(float(sum(terms)), rel=1e-6)


@torch.no_grad()
def test_one_value_per_picture_whatever_the_batch(encoder, content, style):
    pictures = torch.cat([content, style, (content + style) / 2])
    terms = tuple(STYLE_TERMS[name] for name in ("gram", "cosine", "euclidean"))
    of_style = encoder(style)
    objective = Objective(
        content=encoder(content, CONTENT_LAYERS),
        style={
            layer: torch.cat([each(of_style[layer]) for each in terms]) for layer in STYLE_LAYERS
        },
        terms=terms,
        weights=Weights(content=1.0, style=2.0, variation=3.0),
    )
    together = objective(pictures, encoder(pictures, objective.layers)).total
    for row in range(3):
        part = objective.rows([row])
        alone = part(pictures[row : row + 1], encoder(pictures[row : row + 1], part.layers)).total
        assert float(together[row]) == pytest.approx(float(alone), rel=1e-4)


@torch.no_grad()
def test_the_targets_themselves_cost_nothing(encoder, content, style):
    ruler = yardstick(content, style, encoder)
    assert float(ruler(content, encoder(content)).content) == 0
    assert float(ruler(style, encoder(style)).style) < 1e-3
    assert float(ruler(content, encoder(content)).style) > 1e6


def test_total_variation_of_known_pictures():
    flat, step = torch.full((1, 3, 4, 5), 0.5), torch.zeros(1, 3, 4, 5)
    step[..., 2:] = 1
    assert total_variation(torch.cat([flat, step])).tolist() == [0, 3 * 4]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_weights_must_be_finite_and_not_negative(value):
    with pytest.raises(UserError, match="style weight"):
        Weights(style=value)


@torch.no_grad()
def test_a_term_that_is_not_asked_for_is_zero_and_asks_for_no_features(encoder, content, style):
    whole = shared_objective(content, style, encoder, Weights(variation=0.0))
    pictures = torch.cat([content, style])
    assert whole(style, encoder(style)).variation.tolist() == [0]
    of_style = Objective(content={}, style=whole.style, terms=(GRAM, GRAM))
    terms = of_style(pictures, encoder(pictures, of_style.layers))
    assert of_style.layers == STYLE_LAYERS
    assert terms.content.tolist() == [0, 0]
    assert terms.style.shape == (2,)
    of_content = Objective(content=whole.content, style={})
    assert of_content.layers == CONTENT_LAYERS
    assert of_content(content, encoder(content, CONTENT_LAYERS)).style.tolist() == [0]


def test_weights_of_nothing_are_allowed():
    assert vars(Weights(0.0, 0.0, 0.0)) == {"content": 0, "style": 0, "variation": 0}
    assert vars(Weights()) == {"content": 1e4, "style": 1e-2, "variation": 30}


@torch.no_grad()
def test_the_shared_objective_has_the_published_weights_and_the_yardstick_no_variation(
    encoder, content, style
):
    shared, ruler = (make(content, style, encoder) for make in (shared_objective, yardstick))
    assert shared.weights == Weights()
    assert ruler.weights == Weights(variation=0.0)
    assert shared.terms == (GRAM,)
    features = encoder(style)
    for layer in STYLE_LAYERS:
        assert torch.equal(shared.style[layer], gram(features[layer]))
    assert set(shared.content) == set(CONTENT_LAYERS)


def test_each_picture_has_its_own_statistic():
    features = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    three = tuple(STYLE_TERMS[name] for name in ("gram", "cosine", "gram"))
    found = targets_of(three, features)
    assert found.shape == (3, 4, 4)
    for row, each in enumerate(three):
        assert torch.allclose(found[row : row + 1], each(features[row : row + 1]))
    assert torch.equal(targets_of((GRAM,) * 3, features), gram(features))


def targets(*scales: float) -> dict[str, torch.Tensor]:
    """Rows of targets that are multiples of one matrix; in the second layer all are the same."""
    grown = torch.stack([scale * torch.ones(2, 2) for scale in scales])
    return {"a": grown, "b": torch.ones(len(scales), 2, 2)}


def test_the_distance_of_targets_is_relative_to_the_first():
    assert target_distances(targets(2.0, 3.0), 0, 1) == pytest.approx({"a": 0.5, "b": 0})
    assert target_distances(targets(2.0, 3.0), 1, 0) == pytest.approx({"a": 1 / 3, "b": 0})
    assert target_distances(targets(0.0, 0.0), 0, 1) == {"a": 0, "b": 0}
    assert target_distances(targets(0.0, 1.0), 0, 1)["a"] > 1e20


def test_targets_are_the_same_where_they_differ_by_rounding_in_every_layer():
    assert same_targets(targets(1.0, 2.0, 1.0 + 5e-6, 2.0, 3.0)) == ((0, 2), (1, 3), (4,))
    assert same_targets(targets(1.0, 1.0 + 5e-5)) == ((0,), (1,))
    assert same_targets(targets(1.0)) == ((0,),)


def test_the_terms_of_a_picture_are_told_by_name():
    terms = Terms(*(torch.tensor(pair) for pair in ([1.0, 10.0], [2.0, 20.0], [4.0, 40.0])))
    told = {"content": 10.0, "style": 20.0, "variation": 40.0, "total": 70.0}
    assert terms.of(1) == told
