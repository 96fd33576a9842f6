"""The clock goes by instructions from the first look at it on, in every way of running."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from emu.debuginfo import DebugFile, DebugFiles
from emu.environment.clock import LOOK
from emu.machine import How
from emu.profile.start import begin_profile
from tests.fuzz.variants import NO_SYMBOLS
from tests.hooks import use_python_hooks
from tests.machine.rig import Guest

LOOP = 1000
PROGRAM = f"""
        mov     r5, #3
1:      mov     r0, #0x30       @ SYS_ELAPSED
        set     r1, data
        svc     #0x123456
        set     r6, {LOOP}
2:      subs    r6, r6, #1
        bne     2b
        subs    r5, r5, #1
        bne     1b
        exit    0
"""
"""Looks three times."""
APART = 2 + 2 * LOOP + 2 + 1 + 2 + 1
"""Instructions behind one look, with the next."""
LOOKS = [0, APART + LOOK, 2 * (APART + LOOK)]


def watched(guest: Guest) -> list[int]:
    """What the program will see, in nanoseconds."""
    seen: list[int] = []
    now = guest.machine.outside.now

    def note() -> int:
        seen.append(now())
        return seen[-1]

    guest.machine.outside.now = note  # type: ignore[method-assign]
    return seen


def whole(guest: Guest) -> None:
    assert guest.run().how is How.EXITED


def in_pieces(guest: Guest) -> None:
    while guest.machine.run_for(17).how is How.COUNT:
        pass


WAYS: dict[str, Callable[[Guest], None]] = {"whole": whole, "in pieces": in_pieces}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bound", [0, 1_000_000])
def test_each_look_says_how_much_was_executed(mmu: str, way: str, bound: int) -> None:
    guest = Guest(PROGRAM, mmu, max_insns=bound)
    seen = watched(guest)
    WAYS[way](guest)
    assert seen == LOOKS


def test_the_twins_clock_is_the_same(request: pytest.FixtureRequest) -> None:
    use_python_hooks(request)
    guest = Guest(PROGRAM, max_insns=0)
    seen = watched(guest)
    whole(guest)
    assert seen == LOOKS


def test_being_watched_does_not_change_it(tmp_path: Path) -> None:
    guest = Guest(PROGRAM, max_insns=0)
    files = DebugFiles(DebugFile(BytesIO(NO_SYMBOLS), "clock"))
    end = begin_profile(guest.machine, str(tmp_path / "out"), files, pytest.fail)
    seen = watched(guest)
    whole(guest)
    end()
    assert seen == LOOKS


def test_nothing_is_counted_before_the_first_look() -> None:
    guest = Guest(f"set r6, {LOOP}\n2: subs r6, r6, #1\n bne 2b\n exit 0", max_insns=0)
    whole(guest)
    assert guest.machine.instructions == 0


def test_a_snapshot_has_the_time() -> None:
    first, second = Guest(PROGRAM, max_insns=0), Guest(PROGRAM, max_insns=0)
    first.machine.run_for(5)  # with the first look
    second.machine.restore(first.machine.snapshot())
    seen = watched(second)
    whole(second)
    assert seen == LOOKS[1:]
