"""What a machine takes of the host's memory is bounded, whatever its program does."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import pytest

from emu.cpu.binding import CODE_BUFFER
from emu.mmu import make_ram
from tests.guests import ROOT
from tests.machine.rewriting import STATUS

BESIDES = 32 << 20
"""For all that is no translated code."""


def test_code_that_is_written_anew_takes_no_more_memory(mmu: str) -> None:
    if not STATUS.exists():
        pytest.skip("this host does not say how much memory a process has")
    run = subprocess.run(
        [sys.executable, "-m", "tests.machine.rewriting", mmu],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    assert int(run.stdout) < CODE_BUFFER + BESIDES


REFILLING = """
from tests.machine.rewriting import resident
from tests.mmu.rig import FREE, Rig

rig = Rig({mmu!r})
rig.map_code(0x8000, FREE)
for count in (200_000, 100_000):  # by then the TLB has grown
    for _ in range(count):
        rig.engine.unicorn.flush_page(0x8000)
        rig.engine.unicorn.fill(0x8000)
    print(resident())
"""


def test_pages_that_are_flushed_and_filled_again_take_no_more_memory(mmu: str) -> None:
    if not STATUS.exists():
        pytest.skip("this host does not say how much memory a process has")
    command = [sys.executable, "-c", REFILLING.format(mmu=mmu)]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    before, after = map(int, run.stdout.split())
    assert after - before < 1 << 20


def test_ram_that_is_gone_leaves_no_descriptor_open() -> None:
    gc.collect()  # what other tests left
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        make_ram("map", 0x80000000, 1 << 20)
    gc.collect()
    assert len(os.listdir("/dev/fd")) == before
