"""CFSD against the whole matrices, in numpy, and its limits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy

from eval.measures import content_structure
from eval.measures.content_structure import structural_distances


def distance_by_numpy(content: torch.Tensor, output: torch.Tensor, encoder) -> np.ndarray:
    """KL of every row, from whole matrices, as scipy has it."""
    rows = []
    for picture in (content, output):
        features = encoder(picture, ("block3_conv1",))["block3_conv1"][0].double().numpy()
        flat = features.reshape(256, -1).T / 75  # the unit of the Caffe weights
        rows.append(softmax(flat @ flat.T / 256**2, axis=1))
    return entropy(rows[0], rows[1], axis=1)


def test_rows_and_their_sum_against_whole_matrices(encoder, content, style, monkeypatch):
    wanted = distance_by_numpy(content, style, encoder)
    assert len(wanted) == 12 * 16
    for entries in (4_000_000, 1000, 1):  # one chunk, several with a rest, one row each
        monkeypatch.setattr(content_structure, "ENTRIES", entries)
        mean, total = structural_distances(content, {"a": style}, encoder)["a"]
        assert mean == pytest.approx(wanted.mean(), rel=1e-4)
        assert total == pytest.approx(wanted.sum(), rel=1e-4)


def test_the_content_itself_has_none_and_what_hides_it_more(encoder, content, style):
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    outputs = {
        "content": content,
        "a little noise": torch.lerp(content, noise, 0.1),
        "much noise": torch.lerp(content, noise, 0.6),
        "style": style,
    }
    found = {mode: mean for mode, (mean, _) in
             structural_distances(content, outputs, encoder).items()}  # fmt: skip
    assert found["content"] == pytest.approx(0, abs=1e-12)
    assert 0 < found["a little noise"] < found["much noise"]
    assert found["style"] > found["a little noise"]


def test_other_weights_have_their_own_unit(encoder, content, style):
    """Caffe's activations are divided; those of torchvision's convention are taken as they are."""
    other = encoder.with_pooling("max")
    plain = structural_distances(content, {"a": style}, other)["a"][0]
    shrunk = dataclasses.replace(encoder.weights, convention="torchvision")
    as_is = type(encoder)(shrunk)
    features = content_structure.places_in_unit(content, as_is, "block3_conv1")
    raw = as_is(content, ("block3_conv1",))["block3_conv1"][0].flatten(1).T
    assert torch.equal(features, raw)
    assert plain > 0


def test_another_size_is_refused(encoder, content):
    with pytest.raises(ValueError, match="wide"):
        structural_distances(content, {"wide": content[..., :32]}, encoder)
