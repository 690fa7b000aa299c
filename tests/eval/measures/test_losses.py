"""Losses in one yardstick, on pictures of which the answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from dfr.core.images import resize
from dfr.network.encoder import STYLE_LAYERS
from dfr.objective.feature_statistics import gram
from dfr.objective.objective import yardstick
from eval.measures import losses
from eval.measures.context import Context
from eval.measures.pca_bases import fit_bases


@pytest.fixture(scope="module")
def looked_at(encoder, content, style):
    """The content picture and the style picture, as if they were outputs."""
    style = resize(style, *content.shape[-2:])
    bases = fit_bases([content], encoder)

    def look(content, style):
        ruler = yardstick(content, style, encoder)
        outputs = {"content": content, "style": style}
        return Context(content, style, outputs, ruler, encoder, {}, bases)

    return look(content, style), look(content, content)


def test_the_content_has_closed_no_gap_and_the_style_all_of_it(looked_at):
    found = losses.style_gap_closed(looked_at[0])
    assert found["content"] == pytest.approx(0, abs=1e-6)
    assert found["style"] == pytest.approx(1)
    assert losses.content_loss(looked_at[0])["content"] == 0


def test_there_is_no_gap_between_a_picture_and_itself(looked_at):
    assert all(math.isnan(value) for value in losses.style_gap_closed(looked_at[1]).values())


@torch.no_grad()
def test_a_style_loss_is_told_by_what_no_style_at_all_would_have(looked_at, encoder):
    context = looked_at[0]
    found = losses.relative_style_loss(context)
    assert found["style"] == pytest.approx(0, abs=1e-9)
    targets = encoder(context.style, STYLE_LAYERS)
    have = encoder(context.content, STYLE_LAYERS)
    apart, scale = 0.0, 0.0
    for layer in STYLE_LAYERS:
        wanted = gram(targets[layer])
        apart += float((gram(have[layer]) - wanted).square().mean())
        scale += float(wanted.square().mean())
    assert found["content"] == pytest.approx(apart / scale, rel=1e-4)
