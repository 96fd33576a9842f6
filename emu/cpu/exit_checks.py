"""Leaving out the checks for an end of the run that Unicorn puts behind every load and store.

These take more time than the accesses themselves.  Runs end at the same places without them: see
``emu/native/exit_checks.c``.  That is tried out with the first core; where it fails, as with
another version of Unicorn or on another platform, Unicorn's checks stay.  With
``EMU_EXIT_CHECKS=1`` in the environment they stay, too.
"""

from __future__ import annotations

import mmap
import os
from typing import Any, Final, NamedTuple

from emu.cpu import unicorn_abi as const
from emu.cpu.binding import Unicorn
from emu.cpu.libunicorn import HOOK_CODE_CFUNC, HOOK_MEM_ACCESS_CFUNC
from emu.cpu.registers import Registers

_CPSR: Final = const.UC_ARM_REG_CPSR
_STOPPED_AFTER: Final = 3
_ROUNDS: Final = 100


class _Loop(NamedTuple):
    """Two blocks: the first adds 1 to r0 and loads from r3, the other takes 1 from r1, until 0."""

    code: bytes
    load: int
    second: int
    thumb: int


_LOOPS: Final = (
    # add r0, r0, #1; ldr r2, [r3]; b . + 4; subs r1, r1, #1; bne . - 16; svc 0
    _Loop(bytes.fromhex("010080e2 002093e5 ffffffea 011051e2 faffff1a 000000ef"), 4, 12, 0),
    # adds r0, #1; ldr r2, [r3]; b . + 2; subs r1, #1; bne . - 8; svc 0
    _Loop(bytes.fromhex("0130 1a68 ffe7 0139 fad1 00df"), 2, 6, 1),
)


class _Core(NamedTuple):
    """A core that is tried out.  checks: its ``native.hooks.Alignment``.  page: RAM at address 0,
    executable."""

    unicorn: Unicorn
    registers: Registers
    checks: Any
    page: mmap.mmap


_does_work: bool | None = None
"""Whether checks can be left out with the Unicorn that is loaded; None: not known yet."""


def are_left_out() -> bool:
    """Whether the cores that were made so far do without Unicorn's checks."""
    return bool(_does_work)


def leave_out(checks: Any) -> None:
    """Do without the checks in a core, if that was tried out with success."""
    if _does_work:
        checks.leave_out_exit_checks(_CPSR)


def try_out(unicorn: Unicorn, registers: Registers, checks: Any, page: mmap.mmap) -> None:
    """Find out, with the first core, whether the checks can be left out."""
    global _does_work
    core = _Core(unicorn, registers, checks, page)
    _does_work = os.environ.get("EMU_EXIT_CHECKS") != "1" and _works(core)


def _works(core: _Core) -> bool:
    _prepare(core, _LOOPS[0])
    checks = core.checks
    if not checks.find_exit_requests(0) or not checks.leave_out_exit_checks(_CPSR):
        return False
    # Unicorn does not write the PC itself where there is a hook for some instruction.
    other = core.unicorn.add_hook(const.UC_HOOK_CODE, HOOK_CODE_CFUNC(_nothing), 1, 1)
    try:
        return all(_ends_exactly(core, loop) for loop in _LOOPS)
    finally:
        core.unicorn.remove_hook(other)
        _prepare(core, _LOOPS[0])
        core.checks.start(0)  # at its end Unicorn forgets the hooks, and accesses need not ask them


def _ends_exactly(core: _Core, loop: _Loop) -> bool:
    """Whether a stop before a block, and one inside an access, end the run where they should."""
    return _ends_at(core, loop, const.UC_HOOK_BLOCK, loop.second, loop.second) and _ends_at(
        core, loop, const.UC_HOOK_MEM_READ, 0, loop.load
    )


def _ends_at(core: _Core, loop: _Loop, kind: int, place: int, pc: int) -> bool:
    """Whether a run ends at ``pc`` that a hook stops as it is called for the third time."""
    calls = 0

    def stop(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == _STOPPED_AFTER:
            core.unicorn.stop()

    function = HOOK_CODE_CFUNC if kind == const.UC_HOOK_BLOCK else HOOK_MEM_ACCESS_CFUNC
    handle = core.unicorn.add_hook(kind, function(stop), place, place)
    _prepare(core, loop)
    status = core.checks.start(loop.thumb)
    core.unicorn.remove_hook(handle)
    state = tuple(core.registers.read(name) for name in ("pc", "r0", "r1"))
    return status == 0 and state == (pc, _STOPPED_AFTER, _ROUNDS - _STOPPED_AFTER + 1)


def _prepare(core: _Core, loop: _Loop) -> None:
    core.page[: len(loop.code)] = loop.code
    core.unicorn.flush_blocks()
    for name, value in (("r0", 0), ("r1", _ROUNDS), ("r2", 0), ("r3", 0)):
        core.registers.write(name, value)


def _nothing(*_: object) -> None:
    pass
