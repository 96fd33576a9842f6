"""Whole traces as they must read, on every backend.

After a change that is meant: ``emu run --trace KINDS --trace-out tests/trace/golden/NAME.txt
build/trace/NAME.elf``, and look at the difference.

The programs are assembly, linked with nothing else, so that no compiler has a say in them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests import run_emu
from tests.traced import BACKENDS, built

GOLDEN = Path(__file__).parent / "golden"

TRACES = {
    "mapping": ("syscall,map,sched", 3),
    "pair": ("syscall,map,sched,ipc", 0),
    "faulty": ("all", 139),
    "hosted": ("syscall,sched", 6),
    "exclusive": ("insn,mem", 0),
    "spanning": ("insn,mem,fault", 139),
    "rewriting": ("insn,syscall", 0),
}


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", TRACES)
def test_a_trace_reads_like_this(name: str, mmu: str, tmp_path: Path) -> None:
    kinds, status = TRACES[name]
    out = tmp_path / "trace"
    options = ("--mmu", mmu, "--trace", kinds, "--trace-out", str(out))
    result = run_emu(built(name), options=options)
    assert result.returncode == status
    assert out.read_text() == (GOLDEN / f"{name}.txt").read_text()
