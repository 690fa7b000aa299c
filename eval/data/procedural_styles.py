"""Style pictures drawn by code, for where there is no folder of paintings and no network.

They are procedural textures, not artworks, and are called that wherever they are shown. Each is
a function of nothing: the same bytes on every machine, but for the rounding of a drawing
library's antialiasing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

#: Height and width of the drawings.
HEIGHT, WIDTH = 422, 512
_SCALE = 2  # drawn larger and scaled down, which smooths the edges

Colour = tuple[int, int, int]
Floats = npt.NDArray[np.float64]

_NIGHT: tuple[Colour, ...] = (
    (16, 30, 84), (28, 62, 140), (58, 110, 180), (120, 168, 206), (238, 200, 72), (250, 232, 150),
)  # fmt: skip
_GLASS: tuple[Colour, ...] = (
    (178, 24, 36), (232, 122, 30), (246, 200, 60), (30, 120, 80), (24, 72, 150), (120, 50, 130),
)  # fmt: skip
_MEADOW: tuple[Colour, ...] = (
    (226, 84, 60), (244, 176, 66), (250, 226, 140), (110, 168, 90), (60, 130, 150), (92, 84, 156),
)  # fmt: skip
_OCHRE: tuple[Colour, ...] = (
    (92, 70, 46), (150, 112, 66), (196, 160, 104), (222, 204, 164), (104, 112, 112), (52, 54, 58),
)  # fmt: skip


def _canvas(colour: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw, int, int]:
    height, width = HEIGHT * _SCALE, WIDTH * _SCALE
    image = Image.new("RGB", (width, height), colour)
    return image, ImageDraw.Draw(image, "RGBA"), height, width


def _pick(random: np.random.Generator, colours: tuple[Colour, ...], shift: float = 0.0) -> Colour:
    """Return one colour, a little varied; ``shift`` in [0, 1) favours one end of the palette."""
    index = int(min(max(random.normal(shift * len(colours), 1.2), 0), len(colours) - 1))
    varied = zip(colours[index], random.normal(0, 12, 3).tolist(), strict=True)
    red, green, blue = (int(min(max(part + change, 0), 255)) for part, change in varied)
    return red, green, blue


def strokes() -> Image.Image:
    """Short thick strokes along a swirling field, night blue and yellow."""
    random = np.random.default_rng(1)
    image, pen, height, width = _canvas(_NIGHT[1])
    centres = random.uniform((0.1, 0.1), (0.9, 0.7), (5, 2)) * (width, height)
    for _ in range(9000):
        x, y = random.uniform(0, width), random.uniform(0, height)
        away = np.hypot(centres[:, 0] - x, centres[:, 1] - y)
        near = int(away.argmin())
        turn = np.arctan2(y - centres[near, 1], x - centres[near, 0]) + np.pi / 2
        turn += 0.25 * random.normal()
        length, thick = random.uniform(18, 44), int(random.uniform(5, 12))
        light = float(np.exp(-away[near] / (0.11 * width)))
        dx, dy = length * np.cos(turn) / 2, length * np.sin(turn) / 2
        colour = _pick(random, _NIGHT, 0.25 + 0.75 * light)
        pen.line((x - dx, y - dy, x + dx, y + dy), fill=colour, width=thick)
        pen.line((x - dx, y - dy + 2, x + dx, y + dy + 2), fill=(*colour[:2], 60, 90), width=2)
    return image


def stained_glass() -> Image.Image:
    """Voronoi cells in bright glass colours between dark leads."""
    random = np.random.default_rng(2)
    _, _, height, width = _canvas((0, 0, 0))
    points = random.uniform(0, 1, (170, 2)) * (height, width)
    first, second, owner = _nearest_two(points, height, width)
    colours = np.array([_pick(random, _GLASS, random.uniform(0, 0.9)) for _ in points])
    picture = colours[owner] * (0.72 + 0.4 * np.clip(1 - first / 110, 0, 1))[..., None]
    picture += random.normal(0, 5, (height, width, 1))
    picture[second - first < 9] = (22, 18, 20)
    return _image(picture)


def _nearest_two(
    points: Floats, height: int, width: int, tile: int = 64
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Return each pixel's distance to the nearest point, to the next, and which is the nearest.

    In each tile, only points are looked at that may be one of the two for any of its pixels.

    Args:
        points: (n, 2), row and column; at least two.
        height: of the picture.
        width: likewise.
        tile: side of a tile.

    Returns:
        first, second and owner, each (height, width).
    """
    first, second = np.empty((height, width)), np.empty((height, width))
    owner = np.empty((height, width), dtype=np.int64)
    for top, left in product(range(0, height, tile), range(0, width, tile)):
        here = np.s_[top : min(top + tile, height), left : min(left + tile, width)]
        rows, columns = np.mgrid[here]
        from_centre = np.hypot(points[:, 0] - top - tile / 2, points[:, 1] - left - tile / 2)
        reach = np.sort(from_centre)[1] + 2 * np.hypot(tile / 2, tile / 2)
        near = np.flatnonzero(from_centre <= reach)
        y, x = points[near].T[..., None, None]
        away = np.hypot(rows - y, columns - x)
        owner[here] = near[away.argmin(0)]
        first[here], second[here] = np.partition(away, 1, axis=0)[:2]
    return first, second, owner


def waves() -> Image.Image:
    """Rows of concentric arcs, indigo on cream, as on printed cloth."""
    random = np.random.default_rng(3)
    image, pen, height, width = _canvas((240, 230, 206))
    radius = 96
    for row, y in enumerate(range(-radius, height + 2 * radius, radius // 2)):
        for x in range(-radius + (row % 2) * radius, width + 2 * radius, 2 * radius):
            for ring, part in enumerate((1.0, 0.8, 0.6, 0.4, 0.2)):
                r = radius * part
                cream, blue = (240, 230, 206), _pick(random, _NIGHT[:3], 0.3)
                pen.ellipse((x - r, y - r, x + r, y + r), fill=blue if ring % 2 == 0 else cream)
    return image


def dots() -> Image.Image:
    """Small dots of pure colour, warm above and cool below, as in pointillism."""
    random = np.random.default_rng(4)
    image, pen, height, width = _canvas((236, 226, 200))
    for _ in range(26000):
        x, y = random.uniform(0, width), random.uniform(0, height)
        shift = 0.1 + 0.75 * y / height + 0.12 * np.sin(x / 70)
        r = random.uniform(3.5, 7.5)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=_pick(random, _MEADOW, float(shift)))
    return image


def facets() -> Image.Image:
    """Overlapping angular planes in ochre and grey with dark edges, as in cubism."""
    random = np.random.default_rng(5)
    image, pen, height, width = _canvas(_OCHRE[2])
    for _ in range(420):
        x, y = random.uniform(0, width), random.uniform(0, height)
        turns = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 6))))
        reach = random.uniform(36, 130, len(turns))
        corners = [
            (float(x + r * np.cos(t)), float(y + r * np.sin(t)))
            for r, t in zip(reach, turns, strict=True)
        ]
        colour = _pick(random, _OCHRE, random.uniform(0, 0.9))
        pen.polygon(corners, fill=(*colour, 205))
        pen.line([*corners, corners[0]], fill=(34, 28, 24, 235), width=4)
    return image


def hatching() -> Image.Image:
    """Crossed pen strokes in black on white, denser where a soft field is dark."""
    random = np.random.default_rng(6)
    image, pen, height, width = _canvas((246, 243, 236))
    for _ in range(15000):
        x, y = random.uniform(0, width), random.uniform(0, height)
        dark = 0.5 + 0.5 * np.sin(x / 130 + 1.5 * np.sin(y / 110)) * np.cos(y / 150)
        if random.uniform() > dark**1.6:
            continue
        turn = (0.8 if random.uniform() < 0.55 else -0.75) + 0.06 * random.normal()
        length = random.uniform(24, 64)
        dx, dy = length * np.cos(turn) / 2, length * np.sin(turn) / 2
        pen.line((x - dx, y - dy, x + dx, y + dy), fill=(22, 20, 26, 220), width=3)
    return image


def _image(pixels: Floats) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


_DRAWINGS: Mapping[str, Callable[[], Image.Image]] = MappingProxyType(
    {
        "strokes": strokes,
        "stained_glass": stained_glass,
        "waves": waves,
        "dots": dots,
        "facets": facets,
        "hatching": hatching,
    }
)

#: The names of the procedural styles.
NAMES = tuple(_DRAWINGS)


@lru_cache(len(NAMES))
def draw(name: str) -> Image.Image:
    """Draw a procedural style as an RGB picture of `HEIGHT` x `WIDTH` pixels, once a process."""
    return _DRAWINGS[name]().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
