"""What ``--pid``, ``--function`` and ``--range`` keep of each kind of event."""

from __future__ import annotations

import re

import pytest

from emu.trace.filters import Filter
from emu.trace.selection import TraceError, parse_selection
from emu.trace.start import parse_range
from kernel_model.syscalls import CALLS
from tests.guests import run_emu
from tests.traced import built, traced


def lines(name: str, kinds: str, **options: object) -> list[str]:
    return traced(built(name), kinds, **options).splitlines()


def test_a_pid_keeps_what_this_process_does_and_what_it_is_sent() -> None:
    all_, child = lines("pair", "syscall,ipc,insn"), lines("pair", "syscall,ipc,insn", pids=(1,))
    assert child == [line for line in all_ if line.startswith("[1]") or "message to 1" in line]
    assert any("recv resumed" in line for line in child)


def test_a_pid_keeps_the_accesses_of_its_own() -> None:
    all_, child = lines("pair", "mem"), lines("pair", "mem", pids=(1,))
    assert child == [line for line in all_ if line.startswith("[1]")] != []
    assert len(all_) > len(child)


def turns(pid: int) -> list[str]:
    """The turns kept of a process, without the calls' numbers and where it goes on."""
    kept = lines("pair", "sched", pids=(pid,))
    return [re.sub(r" [#@]\d+", "", line).split(" at ")[0] for line in kept]


def test_a_pid_keeps_the_turns_that_it_gets_and_loses() -> None:
    assert turns(1) == [
        "[1] +++ starts",
        "[0] +++ runs",
        "[1] +++ runs",
        "[1] +++ exited with 5 +++",
        "[0] +++ runs",
    ]


def test_process_0_is_one_too() -> None:
    assert turns(0).count("[1] +++ runs") == 1, "to it process 0 lost its turn"


def test_a_function_keeps_its_instructions_and_accesses() -> None:
    kept = lines("faulty", "insn,mem", functions=("store",))
    assert {line.split()[1] for line in kept} == {"00010026", "0001002a", "0001002e"}
    assert sum(" write " in line for line in kept) == 2


def test_a_function_keeps_the_calls_and_faults_in_it() -> None:
    assert lines("pair", "syscall", functions=("child",)) == []  # the child runs a copy elsewhere
    of_parent = [line for line in lines("pair", "syscall") if line.startswith("[0]")]
    assert lines("pair", "syscall", functions=("_start",)) == of_parent != []
    assert len(lines("faulty", "fault", functions=("_start",))) == 1
    assert lines("faulty", "fault", functions=("store",)) == []


def test_a_range_keeps_accesses_by_their_address() -> None:
    kept = lines("faulty", "mem", ranges=((0xEFFFFFF6, 0xEFFFFFF8),))
    reached = [line.split(" va ")[1].split()[0] for line in kept]
    assert reached == ["0xeffffff7", "0xeffffff6"] * 2 + ["0xeffffff4"] * 2  # of 1, 2 and 4 bytes


def test_a_range_keeps_mappings_that_touch_it() -> None:
    kept = lines("pair", "map", ranges=((0x00401000, 0x00402000),))
    assert [line.split(" va ")[1].split(":")[0] for line in kept] == [
        "0x00400000-0x007fffff", "0x00401000-0x00401fff", "0x00400000-0x007fffff",
    ]  # fmt: skip


def test_a_range_keeps_faults_at_and_to_it() -> None:
    assert len(lines("faulty", "fault", ranges=((0, 4),))) == 1
    assert len(lines("faulty", "fault", ranges=((0x1001E, 0x1001F),))) == 1
    assert lines("faulty", "fault", ranges=((0x100, 0x200),)) == []


def test_several_ranges_add_up() -> None:
    both = lines("faulty", "insn", ranges=((0x10006, 0x1000A), (0x10030, 0x10034)))
    assert {line.split()[1] for line in both} == {"00010006", "00010030"}


def test_function_and_range_both_have_to_agree() -> None:
    wanted = Filter((), [(0x100, 0x200)], [(0x180, 0x300)])
    assert wanted.wants_code(0x180)
    assert not wanted.wants_code(0x17F)
    assert not wanted.wants_code(0x200)


@pytest.mark.parametrize(
    ("text", "found"),
    [("0x10-0x1f", (0x10, 0x20)), ("16-16", (16, 17)), ("0X0-0xFFFFFFFF", (0, 1 << 32))],
)
def test_a_range_includes_both_its_ends(text: str, found: tuple[int, int]) -> None:
    assert parse_range(text) == found


@pytest.mark.parametrize("text", ["", "5", "9-8", "0-0x100000000", "a-b", "-5-6"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match="is no range of addresses"):
        parse_range(text)


def test_all_is_every_kind_that_the_format_has() -> None:
    assert len(parse_selection("all", "text", CALLS).kinds) == 8
    drawn = parse_selection("all", "chrome", CALLS).kinds
    assert drawn == ("syscall", "map", "fault", "sched", "ipc")
    assert parse_selection("mem,syscall,mem", "text", CALLS).kinds == ("syscall", "mem")
    for kind in ("insn", "block", "mem"):
        with pytest.raises(TraceError, match=f"^a chrome trace has no {kind}: use "):
            parse_selection(kind, "chrome", CALLS)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            ("--trace", "calls"),
            "emu: there is no trace of 'calls': choose from syscall, map, fault",
        ),
        (("--trace", ""), "emu: nothing to trace"),
        (("--trace", "insn", "--trace-format", "chrome"), "emu: a chrome trace has no insn"),
        (("--trace", "insn", "--function", "nobody"), "faulty.elf has no function 'nobody'"),
        (("--trace", "insn", "--range", "7"), "emu: '7' is no range of addresses"),
        (("--pid", "1"), "emu: --pid needs --trace KINDS"),
        (("--trace-out", "x"), "emu: --trace-out needs --trace KINDS"),
        (("--trace-format", "jsonl"), "emu: --trace-format needs --trace KINDS"),
        (("--coverage-format", "lcov"), "emu: --coverage-format needs --coverage FILE"),
        (("--trace", "insn", "--trace-out", "/none/x"), "emu: /none/x: No such file or directory"),
    ],
)
def test_a_wrong_wish_is_one_line_and_status_2(options: tuple[str, ...], complaint: str) -> None:
    result = run_emu(built("faulty"), options=options)
    assert result.returncode == 2
    assert result.stderr.decode().count("\n") == 1
    assert complaint in result.stderr.decode()
    assert result.stdout == b""
