"""``--max-output``: not a byte more goes out, and the run ends where one would have."""

from __future__ import annotations

from typing import Final

import pytest

from emu.machine import How
from emu.mmu import BACKENDS
from kernel_model.syscalls import CALLS
from tests.guests import guest as guest_file
from tests.guests import run_emu
from tests.kernel.driver import DATA_VA, FREE_VA, RW, SYS, UART
from tests.machine.rig import Guest

WAYS: Final = {
    "a call": "mov r0, r8\n mov r1, #4\n call console_write",
    "the UART": "strb r5, [r7]",
    "SYS_WRITEC": "mov r1, r8\n mov r0, #3\n svc #0x123456",
    "SYS_WRITE0": "mov r1, r8\n mov r0, #4\n svc #0x123456",
}
"""Ways to write what is at r8, or r5."""
TEXT: Final = b"abcd"
WRITE: Final = CALLS.named("console_write")


def writing(way: str, mmu: str, **options: int) -> Guest:
    """Writes for ever, and counts in r4 how often it has."""
    source = f"""
        set     r8, data
        set     r7, {FREE_VA}
        mov     r5, #'a'
1:      {WAYS[way]}
        add     r4, #1
        str     r4, [r8, #8]
        b       1b
    """
    guest = Guest(source, mmu, **options)
    guest.ok("frame_map", SYS, UART, FREE_VA, RW)
    guest.put(DATA_VA, int.from_bytes(TEXT, "little"), 0)
    return guest


@pytest.mark.parametrize("bound", [0, 1, 7, 8])
@pytest.mark.parametrize("way", WAYS)
def test_not_a_byte_more_goes_out(way: str, bound: int, mmu: str) -> None:
    guest = writing(way, mmu, max_output=bound)
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.MAX_OUTPUT, 124)
    written = (b"a" if way in ("the UART", "SYS_WRITEC") else TEXT) * 9
    assert guest.world.stdout == written[:bound]


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_at_the_same_instruction_everywhere(way: str) -> None:
    ends = []
    for mmu in BACKENDS:
        guest = writing(way, mmu, max_output=10)
        guest.run()
        ends.append((guest.machine.instructions, guest.registers, guest.words_of_data(3)))
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("way", WAYS)
def test_who_runs_on_is_stopped_by_the_next_byte(way: str, mmu: str) -> None:
    guest = writing(way, mmu, max_output=0)
    for times in range(3):
        assert guest.run().how is How.MAX_OUTPUT
        assert guest.words_of_data(3)[2] == times
    assert guest.world.stdout == b""


def test_both_streams_are_counted_together_and_a_snapshot_knows_how_much(mmu: str) -> None:
    guest = writing("SYS_WRITEC", mmu, max_output=6)
    guest.machine.outside.write_error(b"12")
    guest.machine.run_for(20)
    state = guest.machine.snapshot()
    before = len(guest.world.stdout)
    assert 0 < before < 4
    for _ in range(2):
        assert guest.run().how is How.MAX_OUTPUT
        assert guest.world.stdout == b"aaaa"
        guest.machine.restore(state)
        assert len(guest.world.stdout) == before


def test_without_a_bound_there_is_none(mmu: str) -> None:
    guest = writing("SYS_WRITE0", mmu, max_insns=10_000)
    assert guest.run().how is How.MAX_INSNS
    assert len(guest.world.stdout) > 5_000


def test_an_exit_in_time_is_an_exit(mmu: str) -> None:
    guest = Guest("set r1, data\n mov r0, #4\n svc #0x123456\n exit 3", mmu, max_output=4)
    guest.put(DATA_VA, int.from_bytes(TEXT, "little"), 0)
    assert guest.run().status == 3
    assert guest.world.stdout == TEXT


@pytest.mark.parametrize(("size", "bytes_"), [("0", 0), ("100", 100), ("1K", 1024)])
def test_the_option(size: str, bytes_: int) -> None:
    program = guest_file("newlib/long_output.thumb-soft")
    run = run_emu(program, options=("--max-output", size))
    assert run.returncode == 124
    assert len(run.stdout) == bytes_
    said = f"emu: stopped after {bytes_} bytes of output (--max-output)\n"
    assert run.stderr.decode().startswith(said)


@pytest.mark.parametrize("size", ["-1", "x", "2000G", "1.5M"])
def test_what_is_no_size_is_one_line(size: str) -> None:
    run = run_emu(guest_file("programs/hello"), options=("--max-output", size))
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.decode().startswith("emu: Invalid value for '--max-output'")
    assert run.stderr.count(b"\n") == 1


def test_a_pending_call_writes_no_more() -> None:
    """The run had been ended before the call, which the next run makes first."""
    guest = Guest("set r0, data\n mov r1, #4\n call console_write\n exit 0\n", max_output=3)
    guest.put(DATA_VA, int.from_bytes(TEXT, "little"))
    machine = guest.machine
    machine.observers.set_call_filter(lambda _process, number: number == WRITE.number)
    assert guest.run().how is How.PAUSED
    machine.observers.set_call_filter(None)
    assert guest.run().how is How.MAX_OUTPUT
    assert guest.world.stdout == TEXT[:3]
    assert guest.run() == (How.EXITED, 0)
