"""How far the measures of one picture are apart between machines; `tox -e benchmark` prints it.

Another processor is stood in for by this one with fewer of its instructions, and another decoder of
JPEG by a level of 8 bits more or less in one pixel of a hundred.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval.submissions.checking import TOLERANCE, apart, tolerance

#: Measures two outputs of one pair, after a change of the content and the style, and prints it.
MEASURE = """
import json, sys
from pathlib import Path
import torch
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, load
from dfr.methods.method import Stylization
from dfr.network.weights import load_vgg19
from eval.measures.registry import measure
from eval.runs.cell import context_of
from eval.runs.tools import Tools

folder, changed = Path(sys.argv[1]), float(sys.argv[2])
images = ImageSettings(Size.parse("211x256"))
tools = Tools.make(load_vgg19(), "fp32", torch.device("cpu"), {}, 0,
                   [folder / "content.png"], images)
outputs = {name: images.load(folder / f"{name}.png") for name in ("one", "two")}
outputs = {name: images.quantise(picture) for name, picture in outputs.items()}
generator = torch.Generator().manual_seed(0)

def off(picture):
    where = torch.rand(picture.shape, generator=generator) < changed
    sign = torch.randint(0, 2, picture.shape, generator=generator) * 2 - 1
    return (images.quantise(picture) + where * sign / 255).clamp(0, 1)

result = Stylization("mine", {}, outputs, {}, {}, {}, 0, 0, 0.0, 0.0)
pair = map(off, images.load_pair(folder / "content.png", folder / "style.png"))
print(json.dumps(measure(context_of(*pair, result.pictures, tools))))
"""

ELSEWHERE = {
    "two threads": {"OMP_NUM_THREADS": "2"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "SSE4.1": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_CBWR": "COMPATIBLE",
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image
    from skimage import data

    from eval.data.procedural_styles import draw

    place = tmp_path_factory.mktemp("elsewhere")
    content, style = Image.fromarray(data.chelsea()), draw("stained_glass")
    content.save(place / "content.png")
    style.save(place / "style.png")
    same = style.resize(content.size)
    Image.blend(content, same, 0.5).save(place / "one.png")
    Image.blend(content, same, 0.8).save(place / "two.png")
    return place


def measured(folder: Path, changed: float = 0.0, **environment: str) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder), str(changed)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    return [*found["outputs"], *found["pairs"]]


@pytest.fixture(scope="module")
def here(folder: Path) -> list[dict[str, object]]:
    return measured(folder)


def furthest(a: list[dict[str, object]], b: list[dict[str, object]]) -> dict[str, float]:
    """Column -> the largest difference."""
    found: dict[str, float] = {}
    for one, other in zip(a, b, strict=True):
        for column, value in one.items():
            if not isinstance(value, str):
                found[column] = max(found.get(column, 0.0), apart(column, value, other[column]))
    return found


@pytest.mark.parametrize("place", ELSEWHERE)
def test_other_instructions_and_threads_change_next_to_nothing(folder, here, place, benchmark):
    found = furthest(here, benchmark.pedantic(measured, (folder,), ELSEWHERE[place], rounds=1))
    column, most = max(found.items(), key=lambda item: item[1])
    print(f"{place}: at most {most:.1e} ({column})")
    assert most < TOLERANCE / 50


def test_a_hundredth_of_the_pixels_a_level_off_is_within_the_tolerance(folder, here, benchmark):
    found = furthest(here, benchmark.pedantic(measured, (folder, 0.01), rounds=1))
    for column, value in sorted(found.items(), key=lambda item: -item[1])[:5]:
        print(f"{column}: {value:.1e} of {tolerance(column)}")
    assert all(value < tolerance(column) for column, value in found.items())
    assert max(found.values()) < TOLERANCE / 2
