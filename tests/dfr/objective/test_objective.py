from __future__ import annotations

import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS
from dfr.objective.feature_statistics import STATISTICS, gram
from dfr.objective.objective import Objective, Weights, total_variation, yardstick


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
    statistics = tuple(STATISTICS[name] for name in ("gram", "cosine", "euclidean"))
    of_style = encoder(style)
    objective = Objective(
        content=encoder(content, CONTENT_LAYERS),
        style={
            layer: torch.cat([each(of_style[layer]) for each in statistics])
            for layer in STYLE_LAYERS
        },
        statistics=statistics,
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
