"""Diversity with both trunks: against LPIPS asked directly, and at its limits."""

from __future__ import annotations

import pytest
import torch

from eval.measures.context import Context
from eval.measures.lpips_distance import between_outputs, between_outputs_vgg, to_content


def context(content, outputs, lpips) -> Context:
    return Context(
        content=content, style=content, outputs=outputs, yardstick=None, encoder=None,
        lpips=lpips, bases=None,
    )  # type: ignore[arg-type]  # fmt: skip


def test_identical_outputs_have_no_diversity(content, lpips):
    same = context(content, {"a": content, "b": content.clone()}, lpips)
    assert between_outputs(same) == {("a", "b"): 0.0}
    assert between_outputs_vgg(same) == {("a", "b"): 0.0}
    assert to_content(same) == {"a": 0.0, "b": 0.0}


def test_each_trunk_is_asked_for_its_own_distance(content, style, lpips):
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    outputs = {"content": content, "style": style, "noise": noise}
    here = context(content, outputs, lpips)
    for trunk, found in (("alex", between_outputs(here)), ("vgg", between_outputs_vgg(here))):
        assert list(found) == [("content", "style"), ("content", "noise"), ("style", "noise")]
        for (a, b), distance in found.items():
            assert distance == pytest.approx(float(lpips[trunk](outputs[a], outputs[b])), rel=1e-5)
            assert distance > 0.1
    assert between_outputs(here) != between_outputs_vgg(here)
