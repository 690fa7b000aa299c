"""FID, KID and ArtFID on the architecture with seeded weights, against other calculations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.network.inception import Inception
from eval.measures.frechet import frechet_of_rows
from eval.measures.run_context import KeptPicture, RunContext, RunOutput
from eval.measures.set_distances import (
    LEAST_FOR_INFINITY,
    MANY,
    art_fid,
    fid,
    fid_infinity,
    kid,
    note,
    squared_mmd,
)
from tests.conftest import made_once
from tests.eval.inception_weights import seeded_network, write_weights

PAIRS = 4


def by_scipy(x: np.ndarray, y: np.ndarray) -> float:
    """The Frechet distance with scipy's root, in the space that the rows span."""
    both = np.concatenate([x, y])
    basis = np.linalg.svd(both - both.mean(axis=0), full_matrices=False)[2]
    x, y = x @ basis.T, y @ basis.T
    a, b = (np.cov(rows.T) + 1e-10 * np.eye(len(basis)) for rows in (x, y))
    apart = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    return float(apart + np.trace(a + b - 2 * sqrtm(a @ b).real))


@pytest.mark.parametrize(("n", "m", "c"), [(5, 7, 30), (40, 30, 6), (6, 40, 12)])
def test_fewer_rows_than_columns_and_more(n, m, c):
    random = np.random.default_rng(n)
    x, y = random.normal(size=(n, c)), 1.5 * random.normal(size=(m, c)) + 0.3
    assert frechet_of_rows(x, y) == pytest.approx(by_scipy(x, y), rel=1e-3)
    assert frechet_of_rows(x, x) == pytest.approx(0, abs=1e-9)


def test_the_kernel_distance_by_loops():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(5, 4)), random.normal(size=(3, 4)) + 1

    def k(a, b):
        return (float(a @ b) / 4 + 1) ** 3

    within = [
        sum(k(a[i], a[j]) for i in range(len(a)) for j in range(len(a)) if i != j)
        / (len(a) * (len(a) - 1))
        for a in (x, y)
    ]
    across = sum(k(a, b) for a in x for b in y) / 15
    assert squared_mmd(x, y) == pytest.approx(within[0] + within[1] - 2 * across)


def test_the_extrapolation_takes_the_bias_away():
    """Two sets of one distribution: FID falls as 1 / n towards 0."""
    x, y = np.random.default_rng(0).normal(size=(2, 4000, 8))
    at_the_end = frechet_of_rows(x, y)
    assert abs(fid_infinity(x, y, first=200, points=15)) < 0.4 * at_the_end
    shifted = fid_infinity(x, y + 1, first=200, points=15)
    assert shifted == pytest.approx(8, rel=0.1)


def test_few_pictures_are_told():
    assert "300 pictures" in note(300)
    assert note(MANY) == ""
    assert MANY < LEAST_FOR_INFINITY


@pytest.fixture(scope="module")
def pictures(content, style) -> list[list[torch.Tensor]]:
    """Outputs, styles and contents of four pairs, of two styles."""
    random = torch.Generator().manual_seed(0)
    styles = [resize(style, 80, 96), resize(style.flip(-1), 80, 96)]
    base = resize(content, 80, 96)
    outputs = [
        torch.lerp(base, styles[i % 2], 0.3 + 0.1 * i)
        + 0.05 * torch.rand(base.shape, generator=random)
        for i in range(PAIRS)
    ]
    return [[picture.clamp(0, 1) for picture in outputs], [styles[i % 2] for i in range(PAIRS)],
            [base] * PAIRS]  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return (
        made_once(
            tmp_path_factory, "inception", lambda folder: write_weights(folder / "seeded.pth")
        )
        / "seeded.pth"
    )


@pytest.fixture(scope="module")
def context(pictures, weights, tmp_path_factory) -> RunContext:
    outputs, styles, contents = (
        [KeptPicture(f"{kind}{i % 2 if kind == 'style' else i}", lambda p=p: p)
         for i, p in enumerate(group)]
        for kind, group in zip(("output", "style", "content"), pictures, strict=True)
    )  # fmt: skip
    group = [
        RunOutput(contents[i], styles[i], outputs[i], {"lpips_content": 0.1 * (i + 1)})
        for i in range(PAIRS)
    ]
    networks = {name: Inception(name, weights) for name in ("inception", "art-inception")}
    groups = {("a", "m"): group, ("styles", "m"): [
        RunOutput(contents[i], styles[i], styles[i], {"lpips_content": 0.5}) for i in range(PAIRS)
    ], ("alone", "m"): group[:1]}  # fmt: skip
    return RunContext(groups, networks, tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def by_torchvision(pictures) -> dict[str, list[np.ndarray]]:
    """Features of outputs and styles by the whole network, caught before its last layer."""
    network, caught = seeded_network(), []
    network.fc.register_forward_pre_hook(lambda _, inputs: caught.append(inputs[0]))
    found = {}
    for name, least, deviation in (
        ("inception", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), ("art-inception", None, None)
    ):  # fmt: skip
        network.transform_input = name == "inception"
        found[name] = []
        for group in pictures[:2]:
            caught.clear()
            for picture in group:
                if least is not None:
                    shape = (1, 3, 1, 1)
                    picture = torch.nn.functional.interpolate(
                        picture, (299, 299), mode="bilinear", antialias=True
                    )
                    picture = (picture - torch.tensor(least).view(shape)) / torch.tensor(
                        deviation
                    ).view(shape)
                with torch.no_grad():
                    network(picture)
            found[name].append(torch.cat(caught).double().numpy())
    return found


def test_fid_and_kid_of_a_run(context, by_torchvision):
    x, y = by_torchvision["inception"]
    assert x.shape == (PAIRS, 2048)
    found = fid(context)
    assert found["a", "m"]["fid"] == pytest.approx(by_scipy(x, y), rel=1e-3)
    assert found["styles", "m"]["fid"] == pytest.approx(0, abs=1e-6)
    assert ("alone", "m") not in found  # one picture has no covariance
    distance = kid(context)["a", "m"]["kid"]
    gram = (np.concatenate([x, y[:2]]) @ np.concatenate([x, y[:2]]).T / 2048 + 1) ** 3
    off = ~np.eye(6, dtype=bool)
    expected = (
        gram[:4, :4][off[:4, :4]].mean() + gram[4:, 4:][off[4:, 4:]].mean()
        - 2 * gram[:4, 4:].mean()
    )  # fmt: skip
    assert distance == pytest.approx(expected, rel=1e-4)


def test_art_fid_of_a_run(context, by_torchvision):
    found = art_fid(context)
    of_set = by_scipy(*by_torchvision["art-inception"])
    assert found["a", "m"]["fid_art"] == pytest.approx(of_set, rel=1e-3)
    assert found["a", "m"]["art_fid"] == pytest.approx(1.25 * (1 + of_set), rel=1e-3)
    assert "art_fid_infinity" not in found["a", "m"]
    assert found["styles", "m"]["art_fid"] == pytest.approx(1.5)


def test_a_picture_is_looked_at_once(context):
    fid(context)

    def refuses() -> torch.Tensor:
        raise AssertionError("looked at again")

    again = RunContext(
        {name: [RunOutput(o.content, KeptPicture(o.style.sha256, refuses),
                          KeptPicture(o.picture.sha256, refuses), {}) for o in group]
         for name, group in context.groups.items()},
        context.networks, context.cache,
    )  # fmt: skip
    assert fid(again) == fid(context)
    with pytest.raises(UserError, match="lpips_content"):
        art_fid(again)


def test_a_changed_file_in_the_cache_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "inception_v3_google-0cc3c7bd.pth").write_bytes(b"not it")
    with pytest.raises(UserError, match="wrong SHA-256"):
        Inception("inception")


def test_what_is_no_inception_is_one_line(tmp_path, content, weights):
    (tmp_path / "text.pth").write_text("not it")
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    for name, words in (("text", "cannot be read"), ("other", "is no state dict"),
                        ("nothing", "no such")):  # fmt: skip
        with pytest.raises(UserError, match=words) as error:
            Inception("inception", tmp_path / f"{name}.pth")
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="48 x 64 pixels"):
        Inception("art-inception", weights)(content)
