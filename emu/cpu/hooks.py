"""What Unicorn calls while it runs, besides the traps: counting, breakpoints, devices."""

from __future__ import annotations

from collections.abc import Callable, Collection

from emu.cpu import unicorn_abi as const
from emu.cpu.alignment import Alignment
from emu.cpu.binding import OnRead, OnWrite, Read, Unicorn, Write
from emu.cpu.counter import Counter, prepare
from emu.cpu.device_accesses import DeviceAccesses
from emu.cpu.libunicorn import HOOK_CODE_CFUNC
from emu.cpu.registers import IT_STATE, Batch, Registers
from emu.cpu.run_control import RunControl
from emu.cpu.stop import Stop

IT_BLOCK_BYTES = 16
"""Bytes after an instruction in an IT block: up to three more, and the one that ends the run."""


class Hooks:
    """The hooks of one core: one place for all, because two of a kind cost more than one.

    passing: the address where the run under way began, if it passes a breakpoint there; else -1.
    """

    def __init__(
        self,
        unicorn: Unicorn,
        registers: Registers,
        counter: Counter,
        control: RunControl,
        alignment: Alignment,
    ) -> None:
        self._unicorn, self._registers = unicorn, registers
        self._status = Batch(unicorn.uc, ("cpsr",))
        self._counter, self._control = counter, control
        self._alignment = alignment
        self.counting = False
        self.passing = -1
        self._breakpoints: frozenset[int] = frozenset()
        self._wanted: Callable[[int], bool] = _always
        self._breakpoint_hooks: list[int] = []
        self._devices: dict[tuple[Read, Write], tuple[OnRead, OnWrite]] = {}
        self.device_accesses = DeviceAccesses(control, alignment.refuses)

    def count_instructions(self) -> None:
        """Count from now on.  Costs less if called before the first run."""
        if not self.counting:
            self.counting = True
            self._unicorn.flush_blocks()
            counter = self._counter
            prepare(counter, self._unicorn)
            self._alignment.count(counter)
            self._unicorn.add_hook(
                const.UC_HOOK_BLOCK, counter.callback, user_data=counter.user_data
            )

    def set_breakpoints(
        self, addresses: Collection[int], wanted: Callable[[int], bool] | None = None
    ) -> None:
        """End runs before the instructions at these addresses (va), at no cost elsewhere.

        wanted: called with the address each time; says whether this run is to end there.

        These are hooks, not Unicorn's exits: with an exit at the start of a page, where the page
        before it is not executable, every run ends with an error.
        """
        self._wanted = wanted or _always
        if self._breakpoints == frozenset(addresses):
            return
        for handle in self._breakpoint_hooks:
            self._unicorn.remove_hook(handle)
        self._breakpoints = frozenset(addresses)
        function = HOOK_CODE_CFUNC(self._break)
        self._breakpoint_hooks = [
            self._unicorn.add_hook(const.UC_HOOK_CODE, function, first, last)
            for first, last in _neighbourhoods(self._breakpoints)
        ]
        self._alignment.renew()
        self._unicorn.flush_blocks()

    def _break(self, _uc: int, va: int, _size: int, _data: object) -> None:
        """At a breakpoint, or soon after one: the rest of an IT block must not lose the stop."""
        control = self._control
        if va in self._breakpoints and va != self.passing and control.reason is None:
            try:
                if self._wanted(va):
                    control.end(Stop.BREAKPOINT)
            except BaseException as error:
                control.fail(error)
        elif control.reason is not None:
            control.leave()
        self.passing = -1

    def map_device(self, pa: int, size: int, read: Read, write: Write) -> None:
        """Call ``read(offset, size)`` and ``write(offset, size, value)`` for accesses here.

        An exception from either stops the run, which raises it.
        """
        callbacks = self._devices.get((read, write))
        if callbacks is None:
            callbacks = self.device_accesses.reading(read), self.device_accesses.writing(write)
            self._devices[read, write] = callbacks
        self._unicorn.map_device(pa, size, *callbacks)

    def leave_it_block(self) -> None:
        """In a callback for a load or store that will succeed: clear the IT state.

        For the callback Unicorn restores the IT state as the instruction began.  The rest of the
        translated block does not use it, so the next block would begin as if it were inside the IT
        block, and execute or skip its first instruction by a stale condition
        (Unicorn's issue 2309).
        """
        cpsr = self._status.read()[0]
        if cpsr & IT_STATE and self._control.running:
            self._registers.write("cpsr", cpsr & ~IT_STATE)


def _always(_va: int) -> bool:
    return True


def _neighbourhoods(addresses: Collection[int]) -> list[tuple[int, int]]:
    """The addresses and the rest of an IT block after each, as ranges that do not overlap."""
    ranges: list[tuple[int, int]] = []
    for va in sorted(addresses):
        first = ranges.pop()[0] if ranges and va <= ranges[-1][1] else va
        ranges.append((first, va + IT_BLOCK_BYTES))
    return ranges
