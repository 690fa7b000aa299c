from __future__ import annotations

import pytest
import torch

from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR
from eval.data.procedural_styles import NAMES, draw
from eval.runs.profiles import choose_profile, profile_names, read_profile


def test_the_built_in_profiles():
    assert profile_names() == ["cpu", "paper", "published", "reference", "smoke"]
    for name in set(profile_names()) - {"published"}:
        methods = [entry.method for entry in choose_profile(name, torch.device("cpu")).methods]
        assert {"dfr", "gatys", "decormst"} <= set(methods)


def test_the_paper_profile_is_the_published_setting():
    paper = choose_profile("paper", torch.device("cpu"))
    assert (paper.size, paper.precision) == ("422x512", "fp32")
    assert (paper.contents, paper.styles) == (15, 20)
    built = {entry.label: entry.build() for entry in paper.methods}
    assert built["dfr"].solver.iterations == 3000
    assert built["decormst"].solver.iterations == 1000


def test_the_published_profile_is_about_the_published_pairs_alone():
    published = choose_profile("published", torch.device("cpu"))
    assert (published.size, published.precision, published.pairs) == (
        "422x512",
        "fp32",
        "published",
    )
    (method,) = (entry.build() for entry in published.methods)
    assert method == DFR()
    assert (method.solver.iterations, method.solver.counter_steps) == (3000, 4)


def test_the_cpu_profile_has_every_rotation_and_three_lambdas():
    built = [entry.build() for entry in choose_profile("cpu", torch.device("cpu")).methods]
    code = [method for method in built if getattr(method, "reading", None) == "code"]
    assert {0, 90, 180, 270} == {r for method in code for r in method.rotations}
    assert len({method.rotation_weight for method in code} | {0.0}) >= 3


def test_the_default_follows_the_device():
    assert choose_profile(None, torch.device("cpu")).name == "cpu"
    assert choose_profile(None, torch.device("cuda")).name == "paper"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('method = "gatys"', 'method = "gatsy"'), "did you mean gatys"),
        (('size = "32x40"', 'size = "8"'), "at least 32"),
        (('precision = "fp32"', 'precision = "fp16"'), "did you mean"),
        (("contents = 1", "contents = 0"), "'contents'"),
        (("contents = 1", "kontents = 1"), "'contents'"),
        (('label = "half"', 'label = "dfr"'), "stands there twice"),
        (('label = "half"', 'label = "../half"'), "label"),
        (("rotation_weight = 0.5", "rotation_weight = 5"), "lambda"),
        (("description", "= ="), "TOML"),
    ],
)
def test_a_wrong_profile_is_told(profile_file, tmp_path, change, message):
    path = tmp_path / "wrong.toml"
    path.write_text(profile_file.read_text().replace(*change))
    with pytest.raises(UserError, match=message):
        read_profile(path)


def test_unknown_profiles():
    with pytest.raises(UserError, match="did you mean paper"):
        choose_profile("papr", torch.device("cpu"))
    with pytest.raises(UserError, match="no such profile file"):
        choose_profile("nothing.toml", torch.device("cpu"))


def test_procedural_styles_differ_and_repeat():
    pictures = [draw(name) for name in NAMES]
    assert len(pictures) >= 6
    assert {picture.size for picture in pictures} == {(512, 422)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert draw.__wrapped__(NAMES[3]).tobytes() == pictures[3].tobytes()
