"""Settings and outputs that AdaIN, LST and MicroAST share, on a network that is easily told."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.looks import Looks
from baselines.style_network import StyleNetwork, StyleNetworkMethod
from dfr.core.errors import UserError
from dfr.methods.feed_forward import forget_pictures


class Corner(StyleNetwork):
    """Paints everything in the colour of the style's upper left corner; larger than it must."""

    seen = 0

    def look_at_style(self, style):
        Corner.seen += 1
        return style[..., :1, :1]

    def look_at_content(self, content):
        return torch.nn.functional.pad(content, (0, 3, 0, 5))

    def painted(self, content, style, strength):
        return (1 - strength) * content + strength * style + 0 * content


@dataclass(frozen=True)
class Cornered(StyleNetworkMethod):
    name: ClassVar[str] = "adain"

    def build(self, path):  # noqa: ARG002
        return Corner()


def test_rotations_turn_the_style_picture_counter_clockwise(tmp_path):
    method = Cornered(rotations=(0, 90, 180, 270), strengths=(1, 0.25), checkpoint=str(tmp_path))
    content, style = torch.zeros(1, 3, 8, 6), torch.zeros(1, 3, 4, 4)
    style[..., 0, 0], style[..., 0, -1], style[..., -1, -1], style[..., -1, 0] = 0.2, 0.4, 0.6, 0.8

    class Encoder:
        device = torch.device("cpu")

    Corner.seen = 0
    result = method.stylize(content, style, Encoder())
    assert Corner.seen == 4
    assert tuple(result.pictures) == method.modes
    assert method.modes[:3] == (
        "rot000-strength100", "rot000-strength025", "rot090-strength100",
    )  # fmt: skip
    found = {mode: picture[0, 0, 0, 0].item() for mode, picture in result.pictures.items()}
    for degrees, colour in ((0, 0.2), (90, 0.4), (180, 0.6), (270, 0.8)):
        assert found[f"rot{degrees:03d}-strength100"] == pytest.approx(colour)
        assert found[f"rot{degrees:03d}-strength025"] == pytest.approx(0.25 * colour)
    assert result.pictures["rot000-strength100"].shape == content.shape


def test_a_style_is_looked_at_once_until_it_is_forgotten(tmp_path):
    method = Cornered(rotations=(0, 90), checkpoint=str(tmp_path))
    content, styles = torch.zeros(1, 3, 8, 6), torch.rand(2, 1, 3, 4, 4)
    encoder: Any = SimpleNamespace(device=torch.device("cpu"))

    def seen_for(style):
        Corner.seen = 0
        pictures = method.stylize(content, style, encoder).pictures
        assert pictures["rot000"][0, :, 0, 0].tolist() == style[0, :, 0, 0].tolist()
        return Corner.seen

    assert [seen_for(style) for style in (*styles, *styles)] == [2, 2, 0, 0]
    assert seen_for(styles[0].clone()) == 0
    forget_pictures(method, encoder.device)
    assert seen_for(styles[0]) == 2


@given(st.lists(st.integers(0, 5), max_size=30))
def test_what_was_not_used_for_longest_leaves_first(asked):
    """Beside a plain list of what was asked for last."""
    looks, kept = Looks(most=3 * 16), list[int]()
    pictures = [torch.full((1, 3, 2, 2), float(number)) for number in range(6)]
    for number in asked:
        looked = list[float]()

        def look(turned, number=number, looked=looked):
            looked.append(turned)
            return {"seen": (torch.full((4,), float(number)),)}

        (found,) = looks.of(pictures[number], [90.0], look).values()
        assert found["seen"][0].tolist() == [number] * 4
        assert looked == ([] if number in kept else [90.0])
        kept = [*(each for each in kept if each != number), number][-3:]


@pytest.mark.parametrize(
    ("settings", "modes"),
    [
        ({}, ("adain",)),
        ({"rotations": (90.0,)}, ("rot090",)),
        ({"rotations": (0.0, 270.0)}, ("rot000", "rot270")),
        ({"strengths": (0.5,)}, ("strength050",)),
    ],
)
def test_names_of_the_outputs(settings, modes):
    assert Cornered(**settings).modes == modes


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rotations": (45.0,)}, "rotation 45"),
        ({"rotations": ()}, "rotations"),
        ({"rotations": (90.0, 90.0)}, "each once"),
        ({"strengths": (1.5,)}, "strength 1.5"),
        ({"strengths": (0.333,)}, "hundredths"),
        ({"strengths": (float("nan"),)}, "strength nan"),
        ({"strengths": (0.5, 0.5)}, "each once"),
    ],
)
def test_refuses(settings, words):
    with pytest.raises(UserError, match=words):
        Cornered(**settings)
