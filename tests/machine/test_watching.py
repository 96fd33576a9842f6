"""Whoever watches, and whatever it looks at, the run is the run that nobody watches.

What is compared is every register of every process at each switch and at the end, memory, tables,
the kernel, counts, turns, the history: all that a snapshot holds.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from emu.coverage.start import begin_coverage
from emu.debuginfo import DebugFile, DebugFiles
from emu.machine import How, Machine
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from emu.machine.observers import Observer, Words
from emu.profile.start import begin_profile
from emu.report import fault_text, refusal_text
from emu.trace.selection import KINDS
from emu.trace.start import TraceOptions, begin_trace
from emu.views.frames import frame_grids
from emu.views.grid import grid_text
from emu.views.memorysvg import memory_svg
from emu.views.tables import table_grids
from emu.views.tree import tree_lines
from emu.views.treesvg import tree_svg
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from tests.fuzz.variants import NO_SYMBOLS
from tests.kernel.driver import CODE_VA, DATA_VA, FREE_VA, RW, SYS
from tests.machine.rig import Guest, Turns

PARENT: Final = f"""
        set     r8, data
        set     r9, 0x3f800001
        vmov    s0, r9
        vmul.f32 s1, s0, s0             @ inexact: a bit of FPSCR
        vcmp.f32 s1, s0
        set     r4, 3
again:  mov     r0, #{SYS}
        ldr     r1, [r8]                @ a free frame
        set     r2, {FREE_VA}
        set     r3, {RW}
        mov     r12, #call_frame_map
        cmp     r4, #3
        ittte   ne
        addne   r5, #1
        svcne   #0                      @ maps in an IT block, from the second time on
        addne   r6, #1
        addeq   r7, #1
        svc     #0                      @ maps, and then moves, or is refused
        ldr     r2, =0x1000
        add     r2, r8
        cmp     r4, r4
        itett   eq
        streq   r4, [r2]                @ the first touch of a page
        addne   r7, #1
        ldreq   r1, [r2, #-8]
        addeq   r6, #2
        mov     r0, #77
        mov     r1, #0
        call    frame_unmap             @ refused
        ldrex   r10, [r8, #16]
        mov     r12, #call_yield
        svc     #0                      @ others run between the two
        add     r10, #1
        strex   r11, r10, [r8, #16]
        adr     r2, place
        ldr     r3, [r2]
        add     r3, #1                  @ movs r0, #n+1
        str     r3, [r2]
        bl      place
        add     r9, r0
        mov     r0, #0x13               @ semihosting that fails
        mov     r1, #1
        svc     #0xab
        mrs     r0, APSR
        add     r9, r0
        mov     r0, #1
        mov     r1, r8
        call    send                    @ waits for the child
        subs    r4, #1
        bne     again
        vmrs    r3, fpscr
        mov     r0, r8
        call    recv                    @ nobody sends any more: its end is told
        set     r0, nowhere
        cmp     r0, r0
        itt     eq
        addeq   r5, #1
        ldreq   r1, [r0]                @ faults in an IT block
        .p2align 2
place:  movs    r0, #1
        bx      lr
        .ltorg
"""

CHILD: Final = """
        vmov    d3, r0, r1
        set     r6, data
1:      adds    r4, #1
        subs    r0, #1
        bne     1b
        vadd.f64 d4, d3, d3
        mov     r5, #3
2:      mov     r0, r6
        call    recv
        cmp     r5, #2
        it      eq
        addeq   r7, r0, #5
        subs    r5, #1
        bne     2b
        udf     #1
"""


def story(mmu: str, **options: Any) -> Guest:
    guest = Guest(PARENT, mmu, thumb=True, writable=True, **options)
    guest.load_child(CHILD, thumb=True)
    guest.put(DATA_VA, guest.take())
    return guest


class Looker(Observer):
    """Looks at everything there is to see whenever anything happens; nobody reads it."""

    def __init__(self, guest: Guest) -> None:
        self.machine = guest.machine
        self.debug = debug()
        self.seen = 0

    def _look(self) -> None:
        self._look_at_views()
        machine = self.machine
        machine.snapshot()
        for core in machine.cores:
            core.engine.registers.state()
            core.engine.registers.core()
            for va in (0, CODE_VA, DATA_VA, DATA_VA + PAGE_SIZE, FREE_VA):
                core.backend.view(va)
                core.backend.physical(va)
                core.backend.translate(va)
        self.seen += 1

    def _look_at_views(self) -> None:
        kernel = self.machine.kernel
        for process in kernel.processes.values():
            for grid in table_grids(kernel, process):
                grid_text(grid)
        for grid in frame_grids(kernel):
            grid_text(grid)
        memory_svg(kernel)
        tree_svg(kernel)
        list(tree_lines(kernel))

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self._look()

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self._look()

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._look()

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        self._look()

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        registers = self.machine.cores[0].engine.registers.core()
        kernel, history = self.machine.kernel, self.machine.history
        assert refusal_text(kernel, history, self.debug, entry, refusal, registers)
        self._look()

    def faulted(self, core: Core, fault: MachineFault) -> None:
        assert fault_text(self.machine.kernel, self.machine.history, self.debug, fault)
        self._look()


def debug() -> DebugFiles:
    return DebugFiles(DebugFile(io.BytesIO(NO_SYMBOLS), "story"))


def _nothing(_guest: Guest, _out: Path) -> Callable[[], None]:
    return lambda: None


def _look(guest: Guest, _out: Path) -> Callable[[], None]:
    looker = Looker(guest)
    guest.machine.observers.add(looker)

    def end() -> None:
        assert looker.seen > 40

    return end


def _trace(format_: str) -> Callable[[Guest, Path], Callable[[], None]]:
    kinds = tuple(
        kind for kind in KINDS if format_ != "chrome" or kind not in ("insn", "block", "mem")
    )

    def begin(guest: Guest, out: Path) -> Callable[[], None]:
        asked = TraceOptions(kinds, out=str(out), format=format_)
        return begin_trace(guest.machine, asked, debug(), pytest.fail)

    return begin


def _coverage(guest: Guest, out: Path) -> Callable[[], None]:
    return begin_coverage(guest.machine, str(out), "drcov", debug(), pytest.fail)


def _profile(guest: Guest, out: Path) -> Callable[[], None]:
    return begin_profile(guest.machine, str(out), debug(), pytest.fail)


def _all(guest: Guest, out: Path) -> Callable[[], None]:
    begun = [_look(guest, out)]
    for number, begin in enumerate((_trace("text"), _trace("jsonl"), _coverage, _profile)):
        begun.append(begin(guest, out.with_suffix(f".{number}")))
    return lambda: [end() for end in begun] and None


WAYS: Final[dict[str, tuple[Callable[[Guest, Path], Callable[[], None]], dict[str, Any]]]] = {
    "checks": (_nothing, {"check": True}),
    "figures": (_nothing, {"stats": True}),
    "a look at everything": (_look, {}),
    "a trace as text": (_trace("text"), {}),
    "a trace as JSON": (_trace("jsonl"), {}),
    "a trace for Chrome": (_trace("chrome"), {}),
    "coverage": (_coverage, {}),
    "a profile": (_profile, {}),
    "all of it": (_all, {"check": True, "stats": True}),
}


def all_of(machine: Machine) -> dict[str, Any]:
    return machine.snapshot()._asdict()


@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_watched_is_the_same_run(way: str, mmu: str, tmp_path: Path) -> None:
    alone = story(mmu)
    turns = Turns(alone.machine)
    outcome = alone.run()
    assert outcome.how is How.FAULTED
    assert len(turns.seen) > 8
    begin, options = WAYS[way]
    watched = story(mmu, **options)
    watched_turns = Turns(watched.machine)
    end = begin(watched, tmp_path / "out")
    assert watched.run() == outcome
    assert watched_turns.seen == turns.seen
    expected = all_of(alone.machine)
    for part, value in all_of(watched.machine).items():
        assert value == expected[part], part
    end()
