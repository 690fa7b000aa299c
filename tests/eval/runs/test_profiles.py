from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from baselines.decormst import DeCorMST
from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.optimisation import OptimisationMethod
from dfr.solvers.fast import Fast
from eval.data.procedural_styles import NAMES, _nearest_two, draw
from eval.runs.profiles import Profile, choose_profile, profile_names, read_profile


def test_the_built_in_profiles():
    assert profile_names() == ["cpu", "dfp", "paper", "published", "reference", "smoke"]
    for name in set(profile_names()) - {"published", "dfp"}:
        methods = [entry.method for entry in choose_profile(name, torch.device("cpu")).methods]
        assert {"dfr", "gatys", "decormst"} <= set(methods)


def test_the_paper_profile_has_every_pair_and_the_published_setting_on_a_part():
    paper = choose_profile("paper", torch.device("cpu"))
    assert (paper.size, paper.precision) == ("422x512", "tf32")
    assert (paper.contents, paper.styles) == (15, 20)
    assert paper.images.record == {"resizing": "published", "saving": "published"}
    built = {entry.label: entry.build() for entry in paper.methods}
    assert built["dfr-adam"] == DFR()
    assert built["decormst-adam"].solver == DeCorMST().solver
    assert built["decormst"].channels == "published"
    on_all = {entry.label for entry in paper.methods if entry.pairs is None}
    optimising = {label for label in on_all if isinstance(built[label], OptimisationMethod)}
    assert optimising == {"dfr", "decormst", "gatys"}
    assert on_all - optimising >= {"feedforward", "adain", "safin", "adaattn", "lst"}
    for label in optimising:
        assert built[label].solver == Fast(iterations=300, style_share=0.0)


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


def test_every_profile_at_another_size_than_the_published_one_keeps_the_balance():
    sizes = {"dfr": "422x512", "decormst": "321x481"}
    for name in profile_names():
        profile = choose_profile(name, torch.device("cpu"))
        for entry in profile.methods:
            if entry.method in sizes:
                assert entry.build().balanced == (profile.size != sizes[entry.method])


def test_the_default_follows_the_device():
    assert choose_profile(None, torch.device("cpu")).name == "cpu"
    assert choose_profile(None, torch.device("cuda")).name == "paper"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('method = "gatys"', 'method = "gatsy"'), "did you mean gatys"),
        (('size = "32x40"', 'size = "8"'), "at least 32"),
        (('precision = "fp32"', 'precision = "fp16"'), "did you mean"),
        (('size = "32x40"', 'size = "nativ"'), "or native"),
        (("contents = 1", 'resizing = "published?"\ncontents = 1'), "did you mean published"),
        (("contents = 1", 'saving = "floor"\ncontents = 1'), "known are nearest, published"),
        (("iterations = 2 }", 'iterations = 2, channels = "rgb" }'), "known are published"),
        (("contents = 1", "contents = 0"), "'contents'"),
        (("contents = 1", "kontents = 1"), "'contents'"),
        (('label = "half"', 'label = "dfr"'), "stands there twice"),
        (('label = "half"', 'label = "../half"'), "label"),
        (('label = "half"', 'label = "dfr~again"'), "label"),
        (("floor_pairs = 1", "floor_pairs = -1"), "'floor_pairs'"),
        (("rotation_weight = 0.5", "rotation_weight = 5"), "lambda"),
        (("description", "= ="), "TOML"),
    ],
)
def test_a_wrong_profile_is_told(profile_file, tmp_path, change, message):
    path = tmp_path / "wrong.toml"
    path.write_text(profile_file.read_text().replace(*change))
    with pytest.raises(UserError, match=message):
        read_profile(path)


def test_a_run_is_told_by_every_setting_of_its_methods(profile_file):
    """A default that changes makes another run; and what was recorded makes the same methods."""
    profile = read_profile(profile_file)
    told = {entry["label"]: entry["settings"] for entry in profile.identity["methods"]}
    assert told["decormst"]["channels"] == "published"
    assert told["decormst"]["solver"]["counter_steps"] == 5
    again = Profile(**json.loads(json.dumps(profile.identity)))
    assert [entry.build() for entry in again.methods] == [e.build() for e in profile.methods]
    assert again.identity == profile.identity


def test_how_pictures_are_resized_and_saved_is_part_of_a_run(profile_file):
    profile = read_profile(profile_file)
    assert not {"resizing", "saving"} & set(profile.identity)
    published = profile.model_copy(update={"resizing": "published", "saving": "published"})
    assert {**profile.identity, "resizing": "published", "saving": "published"} == (
        published.identity
    )


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
    assert draw.__wrapped__(NAMES[4]).tobytes() == pictures[4].tobytes()


def test_the_nearest_two_of_all_points_are_found_tile_by_tile():
    height, width = 70, 90
    points = np.random.default_rng(0).uniform(0, 1, (40, 2)) * (height, width)
    rows, columns = np.mgrid[0:height, 0:width]
    away = np.hypot(*(grid[None] - each[:, None, None] for grid, each in
                      zip((rows, columns), points.T, strict=True)))  # fmt: skip
    first, second, owner = _nearest_two(points, height, width, tile=16)
    assert np.array_equal(owner, away.argmin(0))
    assert np.array_equal([first, second], np.sort(away, axis=0)[:2])
