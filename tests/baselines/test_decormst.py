from __future__ import annotations

import pytest
import torch

from baselines.decormst import DeCorMST
from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR
from dfr.objective.objective import Weights
from dfr.solvers.adam import Adam


def test_defaults_are_the_published_ones():
    method = DeCorMST()
    assert method.modes == ("gram", "pearson", "covariance", "euclidean", "cosine")
    assert method.loss_weights == Weights(content=1e4, style=1e-2, variation=0)
    assert method.solver == Adam(iterations=1000, counter_steps=5)
    assert method.channels == "published"


def test_every_correlation_gives_its_own_picture(encoder, content, style):
    # The other three start nearly solved (their losses are tiny as published), and Adam's steps
    # of a fixed size lead away first.
    falling = DeCorMST(statistics=("gram", "covariance"), solver=Adam(iterations=10))
    for curve in falling.stylize(content, style, encoder).curves.values():
        assert curve[-1] < 0.5 * curve[0]
    result = DeCorMST(solver=Adam(iterations=1)).stylize(content, style, encoder)
    assert not result.failed
    gram = result.pictures["gram"]
    assert all(
        not torch.equal(gram, picture)
        for mode, picture in result.pictures.items()
        if mode != "gram"
    )


def test_its_gram_output_is_dfr_without_rotation_and_variation(encoder, content, style):
    ours = DeCorMST(statistics=("gram",), channels="correct", solver=Adam(iterations=5))
    theirs = DFR(rotations=(0,), loss_weights=Weights(variation=0), solver=Adam(iterations=5))
    a, b = (method.stylize(content, style, encoder) for method in (ours, theirs))
    assert torch.equal(a.pictures["gram"], b.pictures["rot000"])


def test_the_published_channels_are_the_correct_ones_of_swapped_pictures(encoder, content, style):
    """As the published code has it: the network sees red, green, blue with the means of BGR."""
    published, correct = (
        DeCorMST(statistics=("gram", "cosine"), channels=channels, solver=Adam(iterations=3))
        for channels in ("published", "correct")
    )
    ours = published.stylize(content, style, encoder)
    swapped = correct.stylize(content.flip(1), style.flip(1), encoder)
    straight = correct.stylize(content, style, encoder)
    for mode in ours.pictures:
        assert torch.equal(ours.pictures[mode], swapped.pictures[mode].flip(1))
        assert not torch.equal(ours.pictures[mode], straight.pictures[mode])
    assert ours.settings["channels"] == "published"


def test_unknown_channels():
    with pytest.raises(UserError, match="did you mean correct"):
        DeCorMST(channels="corect")


def test_flat_pictures_give_finite_outputs(encoder, flat_pair):
    result = DeCorMST(solver=Adam(iterations=2)).stylize(*flat_pair, encoder)
    assert not result.failed
    assert all(picture.isfinite().all() for picture in result.pictures.values())
