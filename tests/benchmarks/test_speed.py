"""Benchmarks: `pytest tests/benchmarks --benchmark-only`; compare within one run only."""

from __future__ import annotations

import pytest
import torch

from dfr.encoder import Encoder
from dfr.images import resize
from dfr.model import DFR
from dfr.statistics import STATISTICS
from dfr.synthesis import Adam


def pearson_loop(features: torch.Tensor) -> torch.Tensor:
    """Pearson with mean, deviation and norm computed channel by channel in Python."""
    rows = features[0].flatten(1)
    normal = torch.stack([(row - row.mean()) / (row.std(correction=0) + 1e-8) for row in rows])
    return (normal @ normal.mT).unsqueeze(0)


@pytest.fixture(scope="module")
def features() -> torch.Tensor:
    return torch.rand(1, 512, 12, 14)


@pytest.mark.parametrize("name", STATISTICS)
def test_statistic(benchmark, name, features):
    benchmark(STATISTICS[name], features)


def test_pearson_channel_by_channel(benchmark, features):
    result = benchmark(pearson_loop, features)
    assert torch.allclose(result, STATISTICS["pearson"](features), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_encoder(benchmark, encoder, content, precision):
    network = Encoder(encoder.weights, precision=precision)
    benchmark(network, resize(content, 96, 116))


@pytest.mark.parametrize("outputs", [1, 2, 4])
def test_dfr_step(benchmark, encoder, content, style, outputs):
    method = DFR(rotations=(0, 90, 180, 270)[:outputs], solver=Adam(iterations=1))
    benchmark(method.stylize, content, style, encoder)
