from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import torch

from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from dfr.core.provenance import device_name
from eval.runs.cell import _environment
from eval.runs.profiles import MethodEntry
from eval.runs.tools import Tools


def test_the_process_is_repeatable_before_anything_is_fitted_to_the_contents(encoder, files):
    """The E statistic's bases come first, also in a run that is taken up again."""
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("default")
    seen = []

    def contents() -> Iterator[Path]:
        seen.append(torch.are_deterministic_algorithms_enabled())
        yield files / "content.png"

    try:
        images = ImageSettings(Size.parse("32x40"))
        tools = Tools.make(
            encoder.weights, "fp32", torch.device("cpu"), {}, 0, contents(), images, graphs=False
        )
    finally:
        torch.set_deterministic_debug_mode(before)
    assert seen == [True]
    assert not tools.encoder.graphs


def test_a_cell_of_a_method_that_computes_on_the_cpu_says_so():
    """Its seconds would else stand beside those of a graphics processor."""
    run = {"device": "cuda (a card)", "threads": 1}
    there = SimpleNamespace(encoder=SimpleNamespace(device=torch.device("meta")), environment=run)
    entries = {
        name: MethodEntry(label=name, title=name, method=name) for name in ("feedforward", "dfr")
    }
    told = _environment(entries["feedforward"], there)
    assert told == {"device": device_name(torch.device("cpu")), "threads": 1}
    assert _environment(entries["dfr"], there) == run
    there.encoder.device = torch.device("cpu")
    assert _environment(entries["feedforward"], there) == run
