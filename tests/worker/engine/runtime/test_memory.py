"""Memory of this process, against the operating system's own numbers."""

import mmap

import psutil
import pytest
import torch

from worker.engine.runtime.memory import peak_bytes, used_bytes

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="with a GPU its memory is measured instead")
SIZE = 64 * 1024**2


def test_use_rises_with_what_is_held_and_falls_when_it_is_freed() -> None:
    before = used_bytes()
    held = mmap.mmap(-1, SIZE)
    for page in range(0, SIZE, mmap.PAGESIZE):
        held[page] = 1
    full = used_bytes()
    held.close()
    assert full - before == pytest.approx(SIZE, rel=0.25)
    assert full - used_bytes() == pytest.approx(SIZE, rel=0.25)


def test_peak_is_in_bytes_and_no_less_than_the_use() -> None:
    used = used_bytes()
    # A factor of 1024 lies between the kernel's unit and bytes.
    assert used * 0.9 <= peak_bytes() < 100 * psutil.Process().memory_info().rss
