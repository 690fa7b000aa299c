"""Published weights of the methods, where they are."""

from __future__ import annotations

from pathlib import Path

import pytest


def weights_of(method: str, pictures: Path) -> Path:
    """Return the folder of a method's weights; skip the test where there is none.

    Args:
        method: name of the folder.
        pictures: the folder of real pictures, beside which they lie.
    """
    folder = pictures / "weights" / method
    if not folder.is_dir():
        pytest.skip(f"the weights of {method} are not here ({folder})")
    return folder
