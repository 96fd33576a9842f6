"""Profiles: the stacks of calls of every kind, and sums that are exact."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.execution.code import Code
from emu.machine import Machine
from emu.profile.profiler import Profiler
from emu.profile.start import begin_profile, collapsed
from tests.guests import guest
from tests.hooks import use_python_hooks
from tests.traced import BACKENDS, built, machine_for

CALLING = """\
process 0;_start 16
process 0;_start;by_register 6
process 0;_start;in_thumb 5
process 0;_start;in_thumb;leaf 2
process 0;_start;jumps 2
process 0;_start;leaf 2
process 0;_start;plain 3
process 0;_start;plain;leaf 2
process 0;_start;recursive 5
process 0;_start;recursive;recursive 5
process 0;_start;recursive;recursive;recursive 3
process 0;_start;saves 6
process 0;_start;saves;deep 2
process 0;_start;saves;deep;deeper 3
"""


def profiled(program: Path, out: Path, mmu: str = "tlb", max_insns: int = 0) -> tuple[str, Machine]:
    machine = machine_for(program, mmu, max_insns)
    end = begin_profile(machine, str(out), open_files(str(program)), print)
    machine.run()
    end()
    return out.read_text(), machine


def sum_of(text: str) -> int:
    return sum(int(line.rpartition(" ")[2]) for line in text.splitlines())


@pytest.mark.parametrize("mmu", BACKENDS)
def test_calls_of_every_kind_make_these_stacks(mmu: str, tmp_path: Path) -> None:
    text, machine = profiled(built("calling"), tmp_path / "out", mmu)
    assert text == CALLING
    assert sum_of(text) == machine.cores[0].engine.instructions


GUESTS = (
    "programs/hello", "programs/hello.arm", "programs/fault_null", "calls/yield", "calls/exit.arm",
    "newlib/longjmp.thumb-hard", "newlib/longjmp.arm-soft", "newlib/varargs.thumb-soft",
)  # fmt: skip


@pytest.mark.parametrize("limit", [0, 1000, 30001])
@pytest.mark.parametrize("name", GUESTS)
def test_every_instruction_is_charged_once(name: str, limit: int, tmp_path: Path) -> None:
    text, machine = profiled(guest(name), tmp_path / "out", max_insns=limit or 500_000)
    assert sum_of(text) == machine.instructions > 0


def test_each_process_has_its_own_stacks(tmp_path: Path) -> None:
    text, machine = profiled(built("pair"), tmp_path / "out")
    roots = {line.split(";")[0] for line in text.splitlines()}
    assert roots == {"process 0", "process 1"}
    assert sum_of(text) == machine.cores[0].engine.instructions


def test_longjmp_leaves_no_stack_behind(tmp_path: Path) -> None:
    """Whatever a program does with longjmp, it ends as deep as it began."""
    text, _ = profiled(guest("newlib/longjmp.thumb-hard"), tmp_path / "out")
    stacks = [line.rpartition(" ")[0].split(";") for line in text.splitlines()]
    assert {stack.count("main") for stack in stacks} == {0, 1}
    depths = [len(stack) for stack in stacks if stack[-1] in ("_exit", "exit")]
    assert depths
    assert max(depths) <= 6


def test_a_stack_is_the_one_that_the_symbols_tell(tmp_path: Path) -> None:
    text, _ = profiled(guest("programs/hello.arm"), tmp_path / "out")
    stacks = {line.rpartition(" ")[0] for line in text.splitlines()}
    assert "process 0;_start;start_program;main;printf;vprintf;put_number" in {
        ";".join(stack.split(";")[:7]) for stack in stacks
    }


@pytest.mark.parametrize("piece", [1, 3, 7])
def test_a_stack_is_kept_while_others_run(piece: int, tmp_path: Path) -> None:
    """A process is loaded again for each piece of a run, as it is for each of its turns."""
    path, out = built("calling"), tmp_path / "out"
    machine = machine_for(path)
    end = begin_profile(machine, str(out), open_files(str(path)), print)
    while not machine.run_for(piece).is_final:
        pass
    end()
    assert out.read_text() == CALLING


def charges(profiler: Profiler) -> Counter[str]:
    """Instructions by stack."""
    lines = (line.rpartition(" ") for line in collapsed(profiler.root).splitlines())
    return Counter({stack: int(number) for stack, _, number in lines})


@pytest.mark.parametrize("hooks", ["C", "Python"])
def test_what_is_run_again_after_a_restore_is_charged_again(
    hooks: str, request: pytest.FixtureRequest
) -> None:
    """As much as the first time, and nothing for the way back."""
    if hooks == "Python":
        use_python_hooks(request)
    program = guest("scenarios/server")
    machine = machine_for(program)
    profiler = Profiler(Code.of(machine, open_files(str(program))))
    machine.observers.add(profiler.blocks)
    machine.observers.add(profiler)
    machine.run_for(3_000)
    state, charged = machine.snapshot(), [charges(profiler)]
    for _ in range(3):
        machine.run_for(4_000)
        charged.append(charges(profiler))
        machine.restore(state)
    totals = [count.total() for count in charged]
    assert totals == [3_000, 7_000, 11_000, 15_000]
    again = [later - earlier for earlier, later in pairwise(charged)]
    assert again[0] == again[1] == again[2]
