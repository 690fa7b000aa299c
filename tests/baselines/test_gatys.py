from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.gatys import CONTENT_LAYER, Gatys
from dfr.core.errors import UserError
from dfr.network.encoder import STYLE_LAYERS
from dfr.solvers.lbfgs import LBFGS


@torch.no_grad()
def test_the_objective_is_the_papers(encoder, content, style):
    """alpha L_content + beta L_style by equations 1, 3, 4 and 5, in NumPy."""
    network = encoder.with_pooling("avg")
    result = Gatys(ratio=1e-3, solver=LBFGS(iterations=2)).stylize(content, style, network)
    picture = result.pictures["gatys"]

    def rows(source, layer):
        return network(source, [layer])[layer][0].flatten(1).double().numpy()

    losses = 0.5 * ((rows(picture, CONTENT_LAYER) - rows(content, CONTENT_LAYER)) ** 2).sum()
    style_loss = 0.0
    for layer in STYLE_LAYERS:
        f, p = rows(picture, layer), rows(style, layer)
        channels, places = f.shape
        difference = f @ f.T - p @ p.T
        style_loss += (difference**2).sum() / (4 * channels**2 * places**2) / 5
    found = result.losses["gatys"]
    assert found["content"] == pytest.approx(1.0 * losses, rel=1e-3)
    assert found["style"] == pytest.approx(1e3 * style_loss, rel=1e-3)
    assert found["variation"] == 0


@pytest.mark.parametrize(("start", "left"), [("content", 0.5), ("noise", 0.5), ("style", 1.0)])
def test_every_start_goes_down(encoder, content, style, start, left):
    result = Gatys(start=start, solver=LBFGS(iterations=6)).stylize(content, style, encoder)
    curve = result.curves["gatys"]
    assert curve[-1] < left * curve[0]


def test_samples_from_noise_differ_and_the_seed_repeats_them(encoder, content, style):
    method = Gatys(start="noise", samples=2, solver=LBFGS(iterations=1))
    first, again, other = (
        method.stylize(content, style, encoder, seed=seed).pictures for seed in (1, 1, 2)
    )
    assert torch.equal(first["noise0"], again["noise0"])
    assert not np.allclose(first["noise0"], first["noise1"], atol=0.05)
    assert not np.allclose(first["noise0"], other["noise0"], atol=0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": "nois"}, "did you mean noise"),
        ({"pooling": "mean"}, "unknown pooling"),
        ({"ratio": float("nan")}, "ratio"),
        ({"samples": 3}, "start 'noise'"),
    ],
)
def test_refuses(settings, message):
    with pytest.raises(UserError, match=message):
        Gatys(**settings)
