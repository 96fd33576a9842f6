"""What a process has of semihosting ends with the process."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Final

from emu.environment.files import HostFiles
from emu.machine import How
from tests.kernel.driver import DATA_VA
from tests.machine.rig import Guest
from tests.world.recording import Recorder

PROCESSES: Final = 20
FILES: Final = 10
OPEN_AND_END: Final = f"""
base:   mov     r4, #{FILES}
1:      mov     r0, #1          @ SYS_OPEN
        adr     r1, block
        svc     #0x123456
        cmp     r0, #1
        blt     2f
        subs    r4, #1
        bne     1b
        exit    0
2:      udf     #0
block:  .word   code + path - base, 0, 4
path:   .asciz  "file"
"""
YIELD_OFTEN: Final = """
        mov     r4, #100
1:      call    yield
        subs    r4, #1
        bne     1b
        exit    0
"""


def test_files_of_ended_processes_are_closed(tmp_path: Path) -> None:
    """Two hundred that nobody has closed."""
    (tmp_path / "file").touch()
    guest = Guest(YIELD_OFTEN, ram=16 << 20)
    guest.world.files = HostFiles(str(tmp_path))
    for _ in range(PROCESSES):
        guest.load_child(OPEN_AND_END)
    gc.collect()  # what other tests left open would be closed meanwhile
    before = len(os.listdir("/dev/fd"))
    outcome = guest.run()
    assert (outcome.how, guest.faults, list(guest.kernel.processes)) == (How.EXITED, [], [0])
    assert guest.machine.calls.semihosting == PROCESSES * FILES
    assert len(os.listdir("/dev/fd")) == before


OPEN_AND_WAIT: Final = """
base:   mov     r0, #1          @ SYS_OPEN
        adr     r1, block
        svc     #0x123456
        mov     r0, #0
        set     r1, data
        call    send
1:      exit    0
block:  .word   code + path - base, 4, 4
path:   .asciz  "file"
"""
END_AND_WRITE: Final = f"""
        call    yield
        mov     r0, #1
        call    proc_end
        mov     r0, #4          @ SYS_WRITE0
        set     r1, {DATA_VA}
        svc     #0x123456
        exit    0
"""


def ending_guest() -> Guest:
    """proc0 ends a child that has a file open, and writes."""
    guest = Guest(END_AND_WRITE, ram=16 << 20)
    guest.load_child(OPEN_AND_WAIT)
    guest.put(DATA_VA, ord("x"))
    return guest


def requests(is_paused: bool) -> list[str]:
    """What the machine asks of its world, in one run or paused after each call."""
    machine = ending_guest().machine
    recorder = machine.outside.world = Recorder(machine.world)
    while not machine.has_ended:
        machine.run_to_call() if is_paused else machine.run()
    return [request[0] for _, request, _ in recorder.log]


def test_files_are_closed_before_the_next_request_in_pieces_or_not() -> None:
    assert requests(False) == requests(True) == ["open_file", "close_file", "write"]


def test_a_snapshot_in_the_call_that_ended_a_process_comes_back() -> None:
    """It holds nothing of that process: there is nothing to give it back to."""
    machine = ending_guest().machine
    machine.run_to_call(3)
    assert list(machine.kernel.processes) == [0]
    state = machine.snapshot()
    assert not state.sessions
    for other in (machine, ending_guest().machine):
        other.restore(state)
        assert other.snapshot() == state
        assert other.run().how is How.EXITED
