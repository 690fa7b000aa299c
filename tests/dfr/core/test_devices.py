from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from dfr.core.devices import choose_device, convolving, device_of_worker
from dfr.core.errors import UserError

AFTER = """
import os, torch
from dfr.core.devices import make_process_repeatable
torch.backends.cudnn.benchmark = True
torch.backends.cuda.matmul.allow_tf32 = True
make_process_repeatable()
print(
    torch.are_deterministic_algorithms_enabled(),
    torch.utils.deterministic.fill_uninitialized_memory,
    torch.backends.cudnn.benchmark,
    torch.backends.cudnn.allow_tf32,
    torch.backends.cuda.matmul.allow_tf32,
    os.environ["CUBLAS_WORKSPACE_CONFIG"],
    torch.cuda.is_initialized(),
)
"""


def test_a_process_is_repeatable_before_cuda_starts_and_fills_no_buffers():
    environment = {k: v for k, v in os.environ.items() if k != "CUBLAS_WORKSPACE_CONFIG"}
    run = subprocess.run(
        [sys.executable, "-c", AFTER], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.split() == ["True", "False", "False", "False", "False", ":4096:8", "False"]


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "tpu"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(UserError, match=f"unknown device '{name}'"):
        choose_device(name)


@pytest.mark.parametrize(
    ("asked", "count", "found"),
    [
        ("cuda", 3, ["cuda:0", "cuda:1", "cuda:2", "cuda:0"]),
        ("cuda", 1, ["cuda"] * 4),
        ("cuda:1", 3, ["cuda:1"] * 4),
        ("cpu", 3, ["cpu"] * 4),
        ("mps", 1, ["mps"] * 4),
    ],
)
def test_workers_take_the_gpus_of_a_machine_in_turn(asked, count, found):
    device = torch.device(asked)
    assert [str(device_of_worker(device, worker, count)) for worker in range(4)] == found


def test_tf32_is_for_a_block_alone():
    before = torch.backends.cudnn.allow_tf32
    for inside in (True, False):
        with convolving(tf32=inside), convolving(tf32=not inside):
            assert torch.backends.cudnn.allow_tf32 == (not inside)
        with pytest.raises(ValueError, match="in the block"), convolving(tf32=inside):
            assert torch.backends.cudnn.allow_tf32 == inside
            raise ValueError("in the block")
        assert torch.backends.cudnn.allow_tf32 == before
