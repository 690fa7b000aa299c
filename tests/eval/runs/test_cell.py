from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from eval.runs.cell import Tools


def test_the_process_is_repeatable_before_anything_is_fitted_to_the_contents(encoder, files):
    """The E statistic's bases come first, also in a run that is taken up again."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    seen = []

    def contents() -> Iterator[Path]:
        seen.append(torch.are_deterministic_algorithms_enabled())
        yield files / "content.png"

    try:
        images = ImageSettings(Size.parse("32x40"))
        Tools.make(encoder.weights, "fp32", torch.device("cpu"), {}, 0, contents(), images)
    finally:
        torch.use_deterministic_algorithms(before)
    assert seen == [True]
