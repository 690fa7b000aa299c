"""HED against numpy, on seeded weights; what is no file of its weights."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.network.hed import BLOCKS, MEAN, Hed, read_weights


def write_weights(path, random) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Write a file of seeded weights as Keras does: kernels are (k, k, in, out)."""
    kernels = {}
    with h5py.File(path, "w") as file:
        before = 3

        def put(group, size, inputs, outputs):
            kernel = random.normal(size=(size, size, inputs, outputs)) / np.sqrt(size**2 * inputs)
            kernels[group] = (kernel.astype("float32"), random.normal(size=outputs).astype("f4"))
            for number, array in enumerate(kernels[group]):
                file[f"{group}/vars/{number}"] = array

        for block, (count, channels) in enumerate(BLOCKS, 1):
            for number in range(count):
                name = "conv2d" if number == 0 else f"conv2d_{number}"
                put(f"block{block}/layers/{name}", 3, before, channels)
                before = channels
            put(f"dsn{block}", 1, channels, 1)
        put("fuse", 1, 5, 1)
    return kernels


def convolved(picture: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(h, w, in) -> (h, w, out), zeros around."""
    edge = kernel.shape[0] // 2
    around = np.pad(picture, ((edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(around, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwikl,klio->hwo", windows, kernel, optimize=True) + bias


def enlarged(side: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear with half-pixel centres, one axis after the other."""
    for axis, size in ((0, height), (1, width)):
        places = (np.arange(size) + 0.5) * side.shape[axis] / size - 0.5
        places = places.clip(0, side.shape[axis] - 1)
        side = np.apply_along_axis(
            lambda line, at=places: np.interp(at, np.arange(len(line)), line), axis, side
        )
    return side


def test_against_numpy(tmp_path):
    random = np.random.default_rng(0)
    kernels = write_weights(tmp_path / "w.h5", random)
    picture = random.random((13, 18, 3)).astype("f4")  # odd: the last row pools alone
    current, sides = picture[..., ::-1] * 255 - np.array(MEAN), []
    for block, (count, _) in enumerate(BLOCKS, 1):
        if block > 1:
            h, w, c = current.shape
            even = np.full((h + h % 2, w + w % 2, c), -np.inf)
            even[:h, :w] = current
            current = even.reshape(len(even) // 2, 2, -1, 2, c).max(axis=(1, 3))
        for number in range(count):
            name = "conv2d" if number == 0 else f"conv2d_{number}"
            current = convolved(current, *kernels[f"block{block}/layers/{name}"]).clip(0)
        sides.append(enlarged(convolved(current, *kernels[f"dsn{block}"])[..., 0], 13, 18))
    weight, bias = kernels["fuse"]
    fused = sum(w * side for w, side in zip(weight[0, 0, :, 0], sides, strict=True)) + bias
    network = Hed(read_weights(tmp_path / "w.h5"))
    found = network(torch.from_numpy(picture).permute(2, 0, 1)[None])
    assert found.shape == (1, 1, 13, 18)
    assert found[0, 0].numpy() == pytest.approx(1 / (1 + np.exp(-fused)), abs=1e-4)


def test_a_file_without_a_layer_or_with_another_shape_is_refused(tmp_path):
    write_weights(tmp_path / "w.h5", np.random.default_rng(0))
    with h5py.File(tmp_path / "w.h5", "a") as file:
        del file["dsn3"]
    with pytest.raises(UserError, match="no 'dsn3'"):
        read_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "a") as file:
        file["dsn3/vars/0"], file["dsn3/vars/1"] = np.zeros((1, 1, 7, 1)), np.zeros(1)
    with pytest.raises(UserError, match="shape"):
        read_weights(tmp_path / "w.h5")
