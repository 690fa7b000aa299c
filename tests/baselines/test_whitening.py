"""Adam in coordinates in which convolutions see white inputs."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from baselines.layers import convolution, doubled
from baselines.train.whitening import (
    BETAS,
    GROWTH,
    RIDGE,
    WhitenedAdam,
    convolutions_of,
    inverse_root,
    whitenings,
)


@pytest.fixture
def decoder() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*convolution(4, 6), doubled(), *convolution(6, 3))


@pytest.fixture
def features() -> list[torch.Tensor]:
    """Far from 0, and in two channels nearly the same."""
    torch.manual_seed(1)
    found = torch.rand(6, 1, 4, 12, 12) + 2
    found[:, :, 1] = found[:, :, 0] + 0.1 * found[:, :, 1]
    return list(found)


def seen(decoder, features, key) -> torch.Tensor:
    """All that a convolution sees, (places, values)."""
    with torch.no_grad():
        before = [decoder[: int(key)](each) for each in features]
    return torch.cat([functional.unfold(each, 3)[0].T for each in before])


def test_what_a_convolution_sees_becomes_white(decoder, features):
    for key, found in zip(convolutions_of(decoder), whitenings(decoder, features, 0), strict=True):
        patches = seen(decoder, features, key)
        white = (patches - found.mean) @ found.root
        torch.testing.assert_close(white.mean(0), torch.zeros(white.shape[1]), rtol=0, atol=1e-4)
        before = torch.linalg.eigvalsh(patches.T.cov())
        after = torch.linalg.eigvalsh(white.T.cov())
        # A variance v becomes v / (v + r), r being the ridge.
        wanted = before / (before + RIDGE * before.mean())
        torch.testing.assert_close(after, wanted.sort().values, rtol=0.02, atol=0.02)


@given(st.integers(0, 10**6), st.integers(1, 14))
def test_the_root_of_few_and_of_many_places(seed, places):
    rows = torch.randn(places, 7, generator=torch.Generator().manual_seed(seed))
    root = inverse_root(rows)
    ridge = RIDGE * float(rows.square().sum()) / 7
    covariance = rows.T @ rows + ridge * torch.eye(7)
    torch.testing.assert_close(root @ covariance @ root, torch.eye(7), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(root, root.T, rtol=1e-3, atol=1e-3)


def test_a_step_is_adams_on_the_white_weights(decoder, features):
    """Beside torch's Adam on V and a, with W and b computed of them."""
    found = dict(zip(convolutions_of(decoder), whitenings(decoder, features, 0), strict=True))
    wanted = torch.rand(1, 3, 24, 24)
    theirs = copy.deepcopy(decoder)
    white = {}
    for key, each in convolutions_of(theirs).items():
        weight, bias = each.weight.detach().flatten(1), each.bias.detach()
        start = torch.linalg.solve(found[key].root, weight, left=False)
        white[key] = (start.requires_grad_(), (bias + weight @ found[key].mean).requires_grad_())
    groups = [{"params": list(pair), "share": pair[0].shape[1] ** -0.5} for pair in white.values()]
    reference = torch.optim.Adam(groups, betas=BETAS)
    convolutions = convolutions_of(decoder)
    ours = WhitenedAdam((each, found[key]) for key, each in convolutions.items())
    for step in range(4):
        ours.step((decoder(features[step]) - wanted).square().mean(), 0.3)
        weights = {}
        for key, (moved, shift) in white.items():
            plain = moved @ found[key].root
            weights[f"{key}.weight"] = plain.view_as(convolutions[key].weight)
            weights[f"{key}.bias"] = shift - plain @ found[key].mean
        picture = torch.func.functional_call(theirs, weights, features[step])
        for group in reference.param_groups:
            group["lr"] = 0.3 * group["share"] * (step + 1) / GROWTH
        reference.zero_grad()
        (picture - wanted).square().mean().backward()
        reference.step()
    for key, (moved, shift) in white.items():
        plain = (moved @ found[key].root).detach()
        now = convolutions[key]
        torch.testing.assert_close(now.weight.detach().flatten(1), plain, rtol=1e-3, atol=1e-4)
        bias = (shift - plain @ found[key].mean).detach()
        torch.testing.assert_close(now.bias.detach(), bias, rtol=1e-3, atol=1e-4)


def test_it_learns_where_plain_adam_hardly_does(features):
    """What another convolution makes of the same features, at the rate that suits each best."""
    torch.manual_seed(7)
    decoder, teacher = (nn.Sequential(*convolution(4, 3)[:2]) for _ in range(2))
    with torch.no_grad():
        wanted = [teacher(each) for each in features]

    def left(make, rate):
        student = copy.deepcopy(decoder)
        step = make(student, rate)
        for k in range(60):
            step((student(features[k % 6]) - wanted[k % 6]).square().mean())
        with torch.no_grad():
            pairs = zip(features, wanted, strict=True)
            return sum(float((student(each) - other).square().mean()) for each, other in pairs)

    def plain(student, rate):
        optimiser = torch.optim.Adam(student.parameters(), rate)

        def step(loss):
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

        return step

    def white(student, rate):
        convolutions = convolutions_of(student)
        found = whitenings(student, features, 0)
        optimiser = WhitenedAdam(zip(convolutions.values(), found, strict=True))
        return lambda loss: optimiser.step(loss, rate)

    best = [
        min(left(make, rate) for rate in rates)
        for make, rates in ((plain, (1e-3, 3e-3, 1e-2, 3e-2)), (white, (0.1, 0.3, 1.0)))
    ]
    assert best[1] < 0.5 * best[0], best


def test_an_odd_gradient_moves_hardly_more_than_others(features):
    moves = []
    for odd in (1.0, 1000.0):
        torch.manual_seed(0)
        decoder = nn.Sequential(*convolution(4, 3)[:2])
        found = whitenings(decoder, features, 0)
        optimiser = WhitenedAdam(zip(convolutions_of(decoder).values(), found, strict=True))
        for step in range(60):
            before = decoder[1].weight.detach().clone()
            weight = odd if step == 30 else 1.0
            optimiser.step(weight * (decoder(features[step % 6]) - step % 2).square().mean(), 1e-2)
            moves.append(float((decoder[1].weight.detach() - before).norm()))
    same, other = moves[:60], moves[60:]
    assert other[:30] == same[:30]
    assert sum(other[30:41]) < 1.5 * sum(same[30:41])


def test_what_the_loss_does_not_depend_on_stays(decoder, features):
    found = list(whitenings(decoder, features, 0))
    first, second = convolutions_of(decoder).values()
    other = nn.Parameter(torch.zeros(2))
    optimiser = WhitenedAdam(zip((first, second), found, strict=True), [(other, 0.5)])
    before = second.weight.detach().clone(), first.weight.detach().clone()
    optimiser.step(decoder[:2](features[0]).square().mean() + other[0], 0.2)
    assert torch.equal(second.weight, before[0])
    assert not torch.equal(first.weight, before[1])
    torch.testing.assert_close(
        other.detach(), torch.tensor([-0.5 * 0.2 / GROWTH, 0.0]), rtol=1e-4, atol=1e-8
    )
