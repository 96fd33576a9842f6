"""Short calls of semihosting, which go by a way of their own while nobody watches.

What a machine is afterwards does not depend on the way: its snapshot has the results, the memory,
the outside, the history and the counts.
"""

from __future__ import annotations

import errno
from typing import Any, Final, NamedTuple

import pytest

from emu import native
from emu.environment.requests import Answer, Cause, ReadInput, Write
from emu.environment.world import ScriptedWorld
from emu.machine import How
from emu.machine.core import Core
from emu.machine.observers import Observer
from emu.machine.snapshot import Snapshot
from kernel_model.process import Process
from tests.kernel.driver import CODE_VA, DATA_VA, PAGE
from tests.machine.rig import Guest

OPEN, CLOSE, WRITEC, WRITE0, WRITE, READ, READC, ISERROR, ISTTY, SEEK = range(1, 11)
FLEN, CLOCK, TIME, ERRNO, ELAPSED, TICKFREQ = 0x0C, 0x10, 0x11, 0x13, 0x30, 0x31
FAILED: Final = 0xFFFFFFFF

BLOCK, TEXT, BUFFER = DATA_VA, DATA_VA + 0x20, DATA_VA + 0x100
SEAM, END = DATA_VA + PAGE, DATA_VA + 4 * PAGE
ROWS, RESULTS = DATA_VA + 2 * PAGE, DATA_VA + 3 * PAGE
NAMES: Final = {b":tt\0": TEXT, b"file\0": TEXT + 8, b"Greek\0": TEXT + 16}

PROGRAM: Final = f"""
        set     r4, {ROWS}
        set     r5, {RESULTS}
1:      ldm     r4!, {{r0, r1, r6, r7, r8, r9}}
        cmp     r0, #0
        beq     3f
        cmp     r9, #0
        beq     2f
        str     r6, [r1]
        str     r7, [r1, #4]
        str     r8, [r1, #8]
2:      SEMIHOSTING
        str     r0, [r5], #4
        b       1b
3:      exit    0
"""
"""Makes the calls at ``ROWS``: r0, r1, three words of the block, and whether they are stored."""


class Call(NamedTuple):
    """words: of the block at r1, which is stored first; None for no block, or one that stays."""

    operation: int
    r1: int
    words: tuple[int, ...] | None
    result: int


def by_block(operation: int, *words: int, result: int = 0, at: int = BLOCK) -> Call:
    return Call(operation, at, words, result)


CALLS: Final = (
    by_block(OPEN, TEXT, 0, 3, result=1),
    by_block(OPEN, TEXT, 4, 3, result=2),
    by_block(OPEN, TEXT + 8, 6, 4, result=3),
    # output
    by_block(WRITE, 2, TEXT + 16, 5),
    by_block(WRITE, 2, TEXT + 16, 0),
    by_block(WRITE, 2, TEXT + 16, 1, at=BLOCK + 1),
    by_block(WRITE, 2, SEAM - 2, 5),
    by_block(WRITE, 2, TEXT + 17, 1, at=SEAM - 6),
    by_block(WRITE, 2, END - 2, 5, result=FAILED),
    Call(ERRNO, 0, None, errno.EFAULT),
    Call(WRITE, END - 8, None, FAILED),
    by_block(WRITE, 1, TEXT, 3, result=FAILED),
    Call(ERRNO, 0, None, errno.EBADF),
    by_block(WRITE, 9, TEXT, 3, result=FAILED),
    Call(WRITEC, TEXT + 16, None, 0),
    Call(WRITEC, END, None, FAILED),
    Call(WRITE0, TEXT + 16, None, 0),
    Call(WRITE0, END - 1, None, 0),
    # input, of which no byte is lost where it cannot be stored
    by_block(READ, 1, BUFFER, 1),
    by_block(READ, 1, CODE_VA, 1, result=FAILED),
    by_block(READ, 1, END - 2, 5, result=FAILED),
    by_block(READ, 1, BUFFER + 1, 2),
    Call(READC, 0, None, ord("d")),
    by_block(READ, 1, SEAM - 1, 3),
    by_block(READ, 1, BUFFER + 4, 0),
    by_block(READ, 2, BUFFER, 1, result=FAILED),
    by_block(READ, 1, BUFFER + 5, 9, result=5),
    by_block(READ, 1, BUFFER + 16, 9, result=9),
    Call(READC, 0, None, FAILED),
    # a file
    by_block(WRITE, 3, TEXT + 16, 5),
    by_block(FLEN, 3, result=5),
    by_block(SEEK, 3, 1),
    by_block(READ, 3, BUFFER + 32, 1),
    by_block(READ, 3, BUFFER + 33, 9, result=6),
    by_block(READ, 3, BUFFER + 48, 1, result=1),
    by_block(SEEK, 1, 1, result=FAILED),
    Call(ERRNO, 0, None, errno.ESPIPE),
    by_block(CLOSE, 3),
    by_block(READ, 3, BUFFER, 1, result=FAILED),
    by_block(FLEN, 3, result=FAILED),
    # the rest
    by_block(ISTTY, 1),
    by_block(ISERROR, FAILED, result=1),
    Call(0x99, 0, None, FAILED),
    Call(ERRNO, 0, None, errno.ENOSYS + 50),
    Call(TICKFREQ, 0, None, 1_000_000),
    Call(CLOCK, 0, None, 0),
    by_block(ELAPSED, 0, 0),
    Call(ELAPSED, CODE_VA, None, FAILED),
    by_block(WRITE, 2, TEXT + 16, 1),
)  # fmt: skip


class Watching(Observer):
    """Keeps the operations that it is told of, and so makes all calls go the long way."""

    def __init__(self) -> None:
        self.operations: list[int] = []

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self.operations.append(operation)


def guest_of(
    calls: tuple[Call, ...], mmu: str = "tlb", thumb: bool = False, world: Any = None
) -> Guest:
    source = PROGRAM.replace("SEMIHOSTING", "svc #0xab" if thumb else "svc #0x123456")
    guest = Guest(source, mmu, thumb, world=world or ScriptedWorld(b"abcdefgxyz\n"))
    for name, va in NAMES.items():
        guest.poke(va, name)
    guest.poke(SEAM - 2, b"seam!")
    for at, call in enumerate(calls):
        words = (*(call.words or ()), 0, 0, 0)[:3]
        guest.put(ROWS + 24 * at, call.operation, call.r1, *words, call.words is not None)
    return guest


def results(guest: Guest, number: int) -> tuple[int, ...]:
    data = guest.memory(RESULTS, 4 * number)
    return tuple(int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4))


def finished(guest: Guest, number: int) -> tuple[tuple[int, ...], Snapshot]:
    """The results and the machine at the end of its calls, before it exits."""
    seen = []

    class AtExit(Observer):
        def calling(self, *_: object) -> None:
            seen.append((results(guest, number), guest.machine.snapshot()))

    guest.machine.observers.add(AtExit())
    assert guest.run().how is How.EXITED
    assert not guest.faults
    return seen[0]


@pytest.fixture(params=["C", "Python"])
def hooks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "Python":
        monkeypatch.setattr(native, "hooks", None)
    elif native.hooks is None:
        pytest.skip("the hooks in C are not built, or not wanted")
    return str(request.param)


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
def test_each_call_does_the_same_whether_it_is_watched_or_not(
    mmu: str, thumb: bool, hooks: str
) -> None:
    plain, watched = guest_of(CALLS, mmu, thumb), guest_of(CALLS, mmu, thumb)
    watcher = Watching()
    watched.machine.observers.add(watcher)
    found, state = finished(plain, len(CALLS))
    assert finished(watched, len(CALLS)) == (found, state)
    assert found == tuple(call.result for call in CALLS)
    output = b"GreekGseam!rGGreekG"
    assert bytes(plain.world.stdout) == output
    assert plain.memory(BUFFER, 9) == b"abc" + b"\0" * 2 + b"xyz\n"
    assert plain.memory(SEAM - 1, 3) == b"efg"
    assert plain.memory(BUFFER + 32, 4) == b"reek"
    assert watcher.operations == [call.operation for call in CALLS]
    calls = plain.machine.calls
    assert (calls.semihosting, watched.machine.calls.semihosting) == (len(CALLS), len(CALLS))
    assert calls.told < len(CALLS) // 2, "most take the short way"
    assert watched.machine.calls.told == len(CALLS)


def test_in_single_steps(hooks: str) -> None:
    whole, steps = guest_of(CALLS), guest_of(CALLS)
    for guest in (whole, steps):
        guest.machine.count_instructions()
    assert whole.run().how is How.EXITED
    while steps.machine.run_for(1).how is How.COUNT:
        pass
    assert steps.machine.snapshot() == whole.machine.snapshot()
    assert steps.machine.calls.told == len(CALLS), "each run begins the long way"


TWO: Final = (
    by_block(OPEN, TEXT, 0, 3, result=1), by_block(READ, 1, BUFFER, 1),
    by_block(READ, 1, BUFFER + 1, 1), by_block(READ, 1, BUFFER + 2, 1),
)  # fmt: skip


class Interrupting(ScriptedWorld):
    """The second wait for input is ended."""

    asked = 0

    def read_input(self, request: ReadInput, moment: int) -> Answer:
        self.asked += 1
        return Cause.CTRL_C if self.asked == 2 else super().read_input(request, moment)


def test_a_call_whose_wait_was_ended_is_made_again(mmu: str, hooks: str) -> None:
    guest = guest_of(TWO, mmu, world=Interrupting(b"abc"))
    assert guest.run().how is How.CTRL_C
    assert guest.machine.calls.semihosting == 2
    assert guest.machine.history.now.call.name == "semihosting"
    assert guest.run().how is How.EXITED
    assert (guest.memory(BUFFER, 3), guest.machine.calls.semihosting) == (b"abc", 4)


def test_who_begins_to_watch_is_told_from_then_on(hooks: str) -> None:
    """Even where that happens in the middle of a run, in an answer of the outside."""
    watcher = Watching()

    class Telling(ScriptedWorld):
        def write(self, request: Write, moment: int) -> Answer:
            if request[2] == b"G":
                guest.machine.observers.add(watcher)
            return super().write(request, moment)

    calls = (
        by_block(OPEN, TEXT, 4, 3), by_block(WRITE, 1, TEXT + 17, 1),
        by_block(WRITE, 1, TEXT + 16, 1), by_block(ISTTY, 1), Call(TICKFREQ, 0, None, 0),
    )  # fmt: skip
    guest = guest_of(calls, world=Telling())
    assert guest.run().how is How.EXITED
    assert watcher.operations == [ISTTY, TICKFREQ]


CHILD: Final = """
        set     r5, data
        mov     r4, #1000
1:      mov     r0, #3          @ SYS_WRITEC
        mov     r1, r5
        svc     #0x123456
        mov     r0, #0x31       @ SYS_TICKFREQ
        svc     #0x123456
        subs    r4, #1
        bne     1b
        exit    0
"""


def test_of_several_processes_each_is_charged_and_its_own(mmu: str, hooks: str) -> None:
    """They take turns, which calls shorten."""
    found = []
    for watcher in (None, Watching()):
        guest = Guest(CHILD, mmu)
        for name in (b"1", b"2"):
            child = guest.load_child(CHILD)
            guest.ram.write(guest.pa(DATA_VA, guest.kernel.processes[child.pid]), name)
        guest.poke(DATA_VA, b"0")
        if watcher is not None:
            guest.machine.observers.add(watcher)
        assert guest.run().how is How.EXITED
        found.append((bytes(guest.world.stdout), guest.machine.snapshot()))
    assert found[0] == found[1]
    assert set(found[0][0]) == set(b"012")


def test_a_call_of_the_kernel_in_between_is_in_the_history(hooks: str) -> None:
    """What is under way is the last entry, whichever way it went."""
    source = """
        mov     r0, #0x31
        svc     #0x123456
        mov     r0, #0x31
        svc     #0x123456
        call    frame_count
        mov     r0, #0x31
        svc     #0x123456
        mov     r0, #0x31
        svc     #0x123456
        udf     #0
"""
    names = []
    guest = Guest(source)
    guest.machine.count_instructions()
    while guest.machine.run_for(2).how is How.COUNT:
        names.append(guest.machine.history.now.call.name)
    calls = ["semihosting", "semihosting", "frame_count", "semihosting", "semihosting"]
    assert names == calls
