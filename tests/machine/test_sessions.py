"""What a process has of semihosting ends with the process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from emu.environment.files import HostFiles
from emu.machine import How
from tests.machine.rig import Guest

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
    before = len(os.listdir("/dev/fd"))
    outcome = guest.run()
    assert (outcome.how, guest.faults, list(guest.kernel.processes)) == (How.EXITED, [], [0])
    assert guest.machine.calls.semihosting == PROCESSES * FILES
    assert len(os.listdir("/dev/fd")) == before
