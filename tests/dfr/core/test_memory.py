from __future__ import annotations

import mmap

import pytest
import torch

from dfr.core.memory import peak_memory


def test_the_peak_of_a_piece_of_work_leaves_out_what_lay_there(monkeypatch):
    """As torch tells it of CUDA: 500 MB of networks, and at most 800 MB during the work."""
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 500_000_000)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 800_000_000)
    with peak_memory(torch.device("cuda")) as peak:
        pass
    assert (peak.megabytes, peak.kind) == (300, "cuda")


def test_the_peak_of_the_process_has_what_the_work_took():
    with peak_memory(torch.device("cpu")) as before:
        pass
    # Fresh pages: the heap of a process that has run for long may hold such a block already.
    with peak_memory(torch.device("cpu")) as peak, mmap.mmap(-1, 200_000_000) as fresh:
        for page in range(0, len(fresh), mmap.PAGESIZE):
            fresh[page] = 1
    if peak.kind != "process":
        pytest.skip("this system cannot reset the mark")
    assert 150 < peak.megabytes - before.megabytes < 300
