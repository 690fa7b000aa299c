"""What of the Ray executor needs no Ray."""

from __future__ import annotations

import dataclasses
import shutil
import sys

import pytest
import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.images import quantise, to_bytes
from dfr.methods.method import Stylization
from eval.data.dataset import Picture
from eval.executors.levels import with_pictures
from eval.executors.ray.cluster import Cluster
from eval.executors.ray.worker import Parcel
from tests.conftest import complaint


def test_without_ray_one_line_says_how_to_install_it(dfr, profile_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / "run", "--executor",
               "ray")  # fmt: skip
    assert "not installed; run: pip install 'dfr-suite[cluster]'" in complaint(done)


def test_an_unknown_executor_is_refused(dfr, profile_file, tmp_path):
    done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / "run", "--executor",
               "rya")  # fmt: skip
    assert "unknown executor 'rya': did you mean ray?" in complaint(done)


def test_a_device_against_the_share_of_a_gpu_is_refused(dfr, profile_file, tmp_path):
    done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / "run", "--executor",
               "ray", "--device", "cpu", "--gpus-per-cell", 0.5)  # fmt: skip
    assert "device 'cpu': the cells of this run are made on cuda" in complaint(done)


@pytest.mark.parametrize("settings", [{"workers": 0}, {"threads": 0}, {"gpus": -1}, {"gpus": 1.5}])
def test_numbers_that_no_node_can_grant(settings):
    with pytest.raises(UserError):
        Cluster(**settings)


@pytest.mark.parametrize(
    ("settings", "room"),
    [
        ({}, 12),
        ({"threads": 4}, 3),
        ({"threads": 3}, 3),
        ({"gpus": 0.1}, 8),
        ({"gpus": 0.25}, 4),
        ({"gpus": 0.25, "threads": 8}, 1),
        ({"workers": 2}, 2),
    ],
)
def test_room_is_what_whole_workers_fit_into_each_living_node(settings, room):
    nodes = [
        {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0}},
        {"Alive": True, "Resources": {"CPU": 4.0}},
        {"Alive": True, "Resources": {}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
    ]
    assert Cluster(**settings).room(nodes) == room


def test_a_picture_arrives_as_it_was_or_is_refused(files, tmp_path):
    path = shutil.copy(files / "content.png", tmp_path / "mine.png")
    picture = Picture("mine", tmp_path / "mine.png", sha256(tmp_path / "mine.png"))
    parcel = Parcel.of(picture)
    there = parcel.unpack(tmp_path / "there")
    assert there.suffix == ".png"
    assert there.read_bytes() == picture.path.read_bytes()
    damaged = dataclasses.replace(parcel, content=parcel.content[:-1])
    with pytest.raises(UserError, match=r"mine\.png: arrived damaged on "):
        damaged.unpack(tmp_path / "there")
    with open(path, "ab") as stream:  # noqa: PTH123
        stream.write(b"more")
    with pytest.raises(UserError, match=r"mine\.png: was changed while the run was going"):
        Parcel.of(picture)


def test_outputs_travel_as_bytes_without_loss():
    levels = torch.arange(256).repeat(3).reshape(1, 3, 16, 16) / 255
    noise = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    sent = Stylization("none", {}, {}, {}, {}, {}, 0, 0, 0.0, 0.0)
    for picture in (levels, noise):
        arrived = with_pictures(sent, {"mode": to_bytes(picture)}).pictures["mode"]
        assert torch.equal(arrived, quantise(picture))
