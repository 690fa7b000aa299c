"""The weights that were trained for this suite and come with it."""

from __future__ import annotations

import pytest
from torch.nn.functional import mse_loss

from baselines import compact
from baselines.adain.method import AdaIN
from baselines.lst.method import LST
from dfr.methods.registry import build
from dfr.objective.objective import yardstick
from tests import conftest

METHODS = {"adain": AdaIN, "lst": LST}


@pytest.mark.parametrize("name", METHODS)
def test_they_need_no_fetching_and_paint_in_the_style(name, encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))  # nothing was fetched
    content, style = conftest.photograph(96, 120), conftest.painting(96, 120)
    method = build(name, {"strengths": [0, 1]})
    plain, picture = method.stylize(content, style, encoder).pictures.values()
    assert mse_loss(plain, content) < 0.03  # 15 dB
    ruler = yardstick(content, style, encoder)
    ours, photograph, painting = (
        ruler(each, encoder(each, ruler.layers)) for each in (picture, content, style)
    )
    assert float(ours.style) < 0.6 * float(photograph.style)
    assert float(ours.content) < 0.9 * float(painting.content)


@pytest.mark.parametrize("name", METHODS)
def test_they_tell_how_they_were_trained(name):
    told = compact.about(METHODS[name].shipped())
    assert told["network"] == name
    assert told["steps"] > told["training"]["settings"]["rise"]
    assert told["training"]["pictures"]["content"] > 100


def test_they_are_small():
    assert sum(each.shipped().stat().st_size for each in METHODS.values()) < 8e6
