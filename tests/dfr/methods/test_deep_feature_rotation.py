from __future__ import annotations

import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR, mode_name
from dfr.methods.method import settings_of
from dfr.methods.mode_audit import audit
from dfr.methods.optimisation import OptimisationMethod
from dfr.methods.registry import METHODS, build, method_class
from dfr.network.encoder import STYLE_LAYERS
from dfr.objective.feature_statistics import gram
from dfr.objective.objective import Weights
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS


@pytest.fixture(scope="module")
@torch.no_grad()
def style_features(encoder, style):
    return encoder(style, STYLE_LAYERS)


def test_defaults_are_the_published_ones():
    method = DFR()
    assert method.rotations == (0, 90, 180, 270)
    assert (method.reading, method.rotation_weight, method.fusion) == ("code", 1.0, "gram")
    assert method.loss_weights == Weights(content=1e4, style=1e-2, variation=30)
    assert method.solver == Adam(
        iterations=3000, lr=0.02, beta1=0.99, beta2=0.999, epsilon=0.1, counter_steps=4
    )


@pytest.mark.parametrize("amount", [0.0, 0.2, 0.5, 1.0])
def test_targets_of_the_code_reading_equal_numpy(style_features, amount):
    """G_hat = (1 - lambda) G(W) + lambda G(rot W), written out in NumPy."""
    found = DFR(rotation_weight=amount).targets(style_features)
    for layer, features in style_features.items():
        w = features.double().numpy().transpose(0, 2, 3, 1)
        mixed = np.ascontiguousarray(w.transpose(3, 2, 1, 0)).reshape(w.shape)
        turned = {0: w, 90: mixed, 180: w[:, :, ::-1], 270: mixed}
        for row, degrees in enumerate((0, 90, 180, 270)):
            plain, rotated = (
                np.einsum("nhwi,nhwj->ij", t, t) / (t.shape[1] * t.shape[2])
                for t in (w, turned[degrees])
            )
            expected = (1 - amount) * plain + amount * rotated
            distance = np.linalg.norm(found[layer][row].double().numpy() - expected)
            assert distance <= 1e-5 * np.linalg.norm(expected)


def test_fusion_of_features(style_features):
    """G((1 - lambda) W + lambda rot W); equal to the other fusion only at the ends."""
    by_features = DFR(rotations=(90,), rotation_weight=0.3, fusion="features")
    by_gram = DFR(rotations=(90,), rotation_weight=0.3)
    layer = "block3_conv1"
    found = by_features.targets(style_features)[layer]
    w = style_features[layer]
    rotated = w.permute(0, 2, 3, 1).permute(3, 2, 1, 0).reshape(1, *w.shape[2:], w.shape[1])
    expected = gram(0.7 * w + 0.3 * rotated.permute(0, 3, 1, 2))
    assert torch.allclose(found, expected, rtol=1e-4)
    assert not torch.allclose(found, by_gram.targets(style_features)[layer], rtol=1e-2)
    for end in (0.0, 1.0):
        ends = [
            DFR(rotations=(90,), rotation_weight=end, fusion=fusion).targets(style_features)[layer]
            for fusion in ("gram", "features")
        ]
        assert torch.allclose(*ends, rtol=1e-4, atol=1e-2)


def test_fusion_of_features_needs_equal_shapes(style_features):
    method = DFR(reading="spatial", rotations=(90,), rotation_weight=0.5, fusion="features")
    with pytest.raises(UserError, match="square"):
        method.targets(style_features)


def test_0_and_180_alike_and_styled_90_and_270_alike_and_scrambled(encoder, content, style):
    result = DFR(solver=Adam(iterations=8)).stylize(content, style, encoder)
    p = result.pictures
    assert list(p) == ["rot000", "rot090", "rot180", "rot270"]

    def apart(a, b):
        return float((p[a] - p[b]).abs().mean())

    assert apart("rot000", "rot180") < 0.1 * apart("rot000", "rot090")
    assert torch.equal(p["rot090"], p["rot270"])
    moved = {mode: float((picture - content).abs().mean()) for mode, picture in p.items()}
    assert moved["rot000"] > 1.3 * moved["rot090"]


def test_more_modes_than_published(encoder, content, style):
    method = DFR(reading="angle", rotations=(0, 15, 37.5, -45, 120, 200), solver=Adam(2))
    result = method.stylize(content, style, encoder)
    assert list(result.pictures) == ["rot000", "rot015", "rot37.5", "rot-45", "rot120", "rot200"]
    assert audit(method, style, encoder).distinct == 6


@pytest.mark.parametrize(
    ("reading", "groups"),
    [
        ("code", (("rot000", "rot180"), ("rot090", "rot270"))),
        ("paper", (("rot000", "rot180"), ("rot090",), ("rot270",))),
        ("spatial", (("rot000", "rot090", "rot180", "rot270"),)),
    ],
)
def test_the_audit_finds_which_modes_are_one(encoder, style, reading, groups):
    found = audit(DFR(reading=reading), style, encoder)
    assert found.groups == groups
    assert found.distinct == len(groups)
    assert max(found.distances["rot180", "rot000"].values()) < 1e-5


def test_the_measured_audit_of_a_real_painting(encoder, shared_pictures):
    """The published-code reading on one real pair at 128 px, to two digits."""
    from dfr.core.images import Size, load_pair

    folder = shared_pictures / "authors"
    _, painting = load_pair(
        folder / "content" / "golden_gate.jpg",
        folder / "style" / "style_093.jpg",
        Size.parse("128x128"),
    )
    found = audit(DFR(), painting, encoder).distances["rot090", "rot000"]
    assert list(found.values()) == pytest.approx([0.81, 0.66, 0.83, 0.92, 1.00], abs=0.015)


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan"), float("inf")])
def test_lambda_outside_its_range(amount):
    with pytest.raises(UserError, match="lambda"):
        DFR(rotation_weight=amount)


def test_settings_that_cannot_be():
    with pytest.raises(UserError, match="at least one"):
        DFR(rotations=())
    with pytest.raises(UserError, match="twice"):
        DFR(rotations=(90, 90))
    with pytest.raises(UserError, match="did you mean features"):
        DFR(fusion="feature")


def test_build_from_plain_values():
    method = build("dfr", {"rotations": [0, 45], "reading": "angle", "iterations": 7})
    assert method == DFR(rotations=(0, 45), reading="angle", solver=Adam(7, counter_steps=4))
    other = build("dfr", {"solver": "lbfgs", "iterations": 7})
    assert other.solver == LBFGS(iterations=7)
    # The method's own kind of solver, by name, is as the method has it.
    assert build("dfr", {"solver": "adam"}) == DFR()
    assert build("decormst", {"solver": {"name": "adam", "lr": 0.1}}).solver == Adam(
        iterations=1000, lr=0.1, counter_steps=5
    )
    # Another solver brings its own number of iterations, not the published Adam's 3000.
    assert build("dfr", {"solver": "fast"}).solver == Fast()
    assert settings_of(method)["solver"]["name"] == "adam"


def test_a_solver_is_chosen_with_settings_of_its_own():
    solver = {"name": "fast", "style_share": 0.0, "lr": 0.1}
    method = build("dfr", {"solver": solver, "iterations": 7})
    assert method.solver == Fast(iterations=7, style_share=0.0, lr=0.1)
    assert build("dfr", settings_of(method)) == method
    assert solver == {"name": "fast", "style_share": 0.0, "lr": 0.1}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("drf", {}, "did you mean dfr"),
        ("dfr", {"rotation": [0]}, "did you mean rotations"),
        ("dfr", {"rotations": ["x"]}, "rotations"),
        ("gatys", {"reading": "code"}, "unknown setting of method 'gatys'"),
        ("feedforward", {"iterations": 5}, "unknown setting of method 'feedforward'"),
        ("decormst", {"statistics": ["pearsons"]}, "did you mean pearson"),
        ("dfr", {"solver": "fats"}, "did you mean fast"),
        ("dfr", {"solver": {"name": "fats"}}, "did you mean fast"),
        ("dfr", {"solver": {"style_share": 0.0}}, "unknown solver"),
        ("dfr", {"solver": {"name": "adam", "style_share": 0.0}}, "setting of solver 'adam'"),
        ("dfr", {"solver": {"name": "fast", "lr": "x"}}, "solver 'fast', setting 'lr'"),
        ("dfr", {"solver": {"name": "fast", "lr": 0.0}}, "lr 0.0: must be a positive number"),
        ("dfr", {"solver": 3}, "unknown solver"),
    ],
)
def test_build_refuses(name, settings, message):
    with pytest.raises(UserError, match=message) as error:
        build(name, settings)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_of_the_table_stylizes(name, encoder, content, style):
    optimises = issubclass(method_class(name), OptimisationMethod)
    method = build(name, {"iterations": 2} if optimises else {})
    try:
        result = method.stylize(content, style, encoder)
    except UserError as error:  # a network whose weights are not shipped
        assert hasattr(method, "checkpoint")
        assert "weights" in str(error) and "checkpoint" in str(error)
        return
    assert result.method == name
    assert tuple(result.pictures) == method.modes
    assert tuple(result.curves) == (method.modes if optimises else ())
    assert all(picture.shape == content.shape for picture in result.pictures.values())
    assert result.seconds >= result.seconds_targets
    assert result.seconds_targets > 0 or not optimises


@pytest.mark.parametrize(
    ("degrees", "name"), [(0, "rot000"), (90.0, "rot090"), (7.5, "rot7.5"), (-45, "rot-45")]
)
def test_mode_names(degrees, name):
    assert mode_name(degrees) == name


def test_modes_of_one_objective_are_computed_once_and_the_record_says_which(
    encoder, content, style
):
    plain = DFR(reading="code", solver=Adam(iterations=4))
    merged = DFR(reading="code", solver=Adam(iterations=4), merge=True)
    apart, once = (method.stylize(content, style, encoder) for method in (plain, merged))
    assert apart.same_as == {}
    assert apart.computed == 4
    assert once.same_as == {"rot180": "rot000", "rot270": "rot090"}
    assert once.computed == 2
    assert tuple(once.pictures) == merged.modes == plain.modes
    for mode, other in once.same_as.items():
        assert torch.equal(once.pictures[mode], once.pictures[other])
        assert once.curves[mode] == once.curves[other]
    for mode in plain.modes:  # the order of sums differs, and with it a few pixels
        assert (once.pictures[mode] - apart.pictures[mode]).abs().mean() < 2e-4
    assert (once.pictures["rot000"] - once.pictures["rot090"]).abs().mean() > 1e-2


def test_nothing_is_merged_where_every_mode_is_its_own_objective(encoder, content, style):
    method = DFR(reading="angle", rotations=(0, 30, 60), solver=Adam(iterations=2), merge=True)
    result = method.stylize(content, style, encoder)
    assert result.same_as == {}
    assert result.computed == 3
