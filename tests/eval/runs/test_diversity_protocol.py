"""The protocol of Deep Feature Perturbation, pair by pair, without a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from dfr.core.errors import UserError
from dfr.core.images import load
from eval.analysis.diversity import vendi_score
from eval.runs import diversity_protocol
from eval.runs.diversity_protocol import Protocol
from eval.runs.profiles import MethodEntry, Profile, choose_profile
from tests.baselines.wct.seeded_weights import save_weights


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Profile:
    """The profile at 64 pixels, with seeded networks of the levels 2 and 1."""
    weights = save_weights(tmp_path_factory.mktemp("wct"), "16x", (2, 1))
    entry = MethodEntry(
        label="wct", title="WCT", method="wct",
        settings={"checkpoint": str(weights), "levels": [2, 1], "perturbed": [2], "outputs": 3},
    )  # fmt: skip
    chosen = choose_profile("dfp", torch.device("cpu"))
    return chosen.model_copy(update={"size": "64", "methods": (entry,)})


@pytest.fixture(scope="module")
def protocol(profile) -> Protocol:
    return Protocol(profile, profile.methods[0])


def test_a_pair_has_the_numbers_of_its_outputs(protocol, files):
    row = protocol.row(files / "content.png", files / "style.png", True)
    content, style = protocol.images.load_pair(files / "content.png", files / "style.png")
    made = protocol.method.stylize(content, style, protocol.encoder, 0).pictures
    a, b, c = (protocol.images.quantise(picture) for picture in made.values())
    apart = [float((one - other).abs().mean()) for one, other in ((a, b), (a, c), (b, c))]
    assert row["pixel_distance"] == pytest.approx(sum(apart) / 3, abs=1e-6)
    lpips = [float(protocol.lpips(one, other)) for one, other in ((a, b), (a, c), (b, c))]
    assert row["lpips"] == pytest.approx(sum(lpips) / 3, rel=1e-3)
    matrix = pd.DataFrame([[0, lpips[0], lpips[1]], [lpips[0], 0, lpips[2]],
                           [lpips[1], lpips[2], 0]]).to_numpy()  # fmt: skip
    assert row["vendi"] == pytest.approx(vendi_score(matrix), rel=1e-3)
    assert 0 <= row["floor"] < row["lpips"]
    assert row["outputs"] == 3 and row["faithful"] == 0  # seeded networks paint no style


def test_pairs_in_the_file_are_not_made_again(profile, files, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(diversity_protocol, "choose_profile", lambda *_: profile)
    folders = {}
    for kind in ("content", "style"):
        folders[kind] = tmp_path / kind
        folders[kind].mkdir()
        for name in ("1", "2") if kind == "content" else ("1",):
            (folders[kind] / f"{name}.png").write_bytes((files / f"{kind}.png").read_bytes())
    assert load(folders["content"] / "2.png").shape[-1] == 160
    out = tmp_path / "table.csv"
    words = ["--content", folders["content"], "--style", folders["style"], "--out", out]
    monkeypatch.setattr(sys, "argv", ["", *map(str, words)])
    diversity_protocol.main()
    first = out.read_text()
    table = pd.read_csv(out)
    assert len(table) == 2 and table["floor"].notna().all()
    out.write_text("".join(first.splitlines(keepends=True)[:2]))
    capsys.readouterr()
    diversity_protocol.main()
    assert capsys.readouterr().out.count("LPIPS") == 1
    pd.testing.assert_frame_equal(
        pd.read_csv(out).drop(columns="seconds_per_output"),
        table.drop(columns="seconds_per_output"),
    )


def test_without_pictures_or_weights_it_says_how_to_get_them(profile, tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["", "--out", str(Path(tmp_path) / "t.csv")])
    with pytest.raises(UserError, match="dfr weights fetch wct-16x"):
        diversity_protocol.main()
    monkeypatch.setattr(diversity_protocol, "choose_profile", lambda *_: profile)
    with pytest.raises(UserError, match="dfr data fetch --set dfp"):
        diversity_protocol.main()
