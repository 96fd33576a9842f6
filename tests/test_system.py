"""The small system: the demo on every backend, and typed at through a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from typing import Final

import pytest

from emu.mmu import BACKENDS
from tests.guests import SOURCES, guest, run_emu

DEMO: Final = (SOURCES / "system" / "demo.txt").read_bytes()

SAID: Final = """\
$ cat*
console*
crash*
echo*
files*
keyboard*
ls*
primes*
shell*
stash*
stress*
unstash*
upper*
wc*
$ programs by name, with arguments
$ 1 4 23
$ $ 8 8 20
$ $ IN A FRAME OF ITS OWN
$ nothing is stashed there
status 1
$ nothing: no such program
$ status 129
$ 1187 frames came and went
$ all memory is accounted for: 130048 KiB, of which FREE are free
"""


def said(stdout: bytes) -> str:
    return re.sub(r"which \d+ are", "which FREE are", stdout.decode())


@pytest.mark.parametrize(("code", "mmu"), [*(("", mmu) for mmu in BACKENDS), (".arm", "tlb")])
def test_the_demo(mmu: str, code: str) -> None:
    run = run_emu(guest(f"system/system{code}"), options=("--mmu", mmu), stdin=DEMO, timeout=120)
    assert said(run.stdout) == SAID
    assert run.returncode == 0
    assert run.stderr == b""


@pytest.mark.parametrize("mmu", BACKENDS)
def test_invariants_hold_after_every_call(mmu: str) -> None:
    options = ("--mmu", mmu, "--check")
    run = run_emu(guest("system/system"), options=options, stdin=DEMO, timeout=300)
    assert said(run.stdout) == SAID, run.stderr
    assert run.returncode == 0


def test_faults_that_somebody_handles_are_explained_if_asked() -> None:
    options = ("--explain",)
    run = run_emu(guest("system/system"), options=options, stdin=b"crash\nexit\n")
    assert b"faulted: missing L2 table: read of 0x40000000" in run.stderr


def until(terminal: int, wanted: bytes) -> bytes:
    """What comes from a terminal, as far as this."""
    got, end = b"", time.monotonic() + 60
    while wanted not in got:
        left = max(end - time.monotonic(), 0)
        assert select.select([terminal], [], [], left)[0], got
        got += os.read(terminal, 4096)
    return got


def test_it_is_typed_at() -> None:
    """While the keyboard waits for the next line the others run."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "emu", "run", str(guest("system/system"))]
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=subprocess.PIPE) as run:
        os.close(its)
        until(ours, b"$ ")
        os.write(ours, b"primes 30 | wc\n")
        assert b"10 10 26" in until(ours, b"26\r\n$ ")
        os.write(ours, b"echo typed\n")
        assert b"typed\r\n" in until(ours, b"typed\r\n$ ")
        os.write(ours, b"exit\n")
        until(ours, b"all memory is accounted for")
        assert run.wait(60) == 0
    os.close(ours)
