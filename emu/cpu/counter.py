"""Exact instruction counting that costs a nanosecond or two a block.

Unicorn calls a hook at the start of each block of translated code, with the block's size.  All of
its instructions are counted then; if a run ends inside a block, the PC says how far it came, and
the rest is taken off again.  A conditional instruction counts whether its condition holds or not.
Where ``emu.cpu.exit_checks`` are left out, the block's own code counts, and calls the hook only for
what the hook must decide.

Two bounds end a run.  A *limit* is exact: the run stops before the block that would exceed it, and
the engine runs on to the right instruction inside that block.  The end of a *turn* waits for a
place where stopping costs nothing: an instruction that does not follow its predecessor in memory,
or the start of a page.  A block begins there however the program is run, so the turn always ends at
the same place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from emu import native
from emu.cpu import unicorn_abi as const
from emu.cpu.binding import PythonHook, Unicorn
from emu.cpu.lengths import ThumbCode
from emu.cpu.libunicorn import HOOK_CODE_CFUNC, uclib
from emu.cpu.memory import Memory, PythonMemory
from emu.cpu.registers import IT_STATE, THUMB_BIT, Batch
from kernel_model.memory import PAGE_OFFSET

NO_LIMIT = (1 << 64) - 1
NO_TURN = (1 << 63) - 1
"""Instructions of a turn that does not end."""
NOWHERE = 1
"""An address no instruction has."""


class Counter(Protocol):
    """Counts the instructions that completed, and bounds how many may.

    count: the completed instructions; exact during kernel calls and while nothing runs.
    next: the address after the instruction that completed last.
    """

    count: int
    next: int

    @property
    def runs(self) -> int:
        """How often ``begin`` has been called."""

    @property
    def callback(self) -> int:
        """Address of the hook's function."""

    @property
    def user_data(self) -> int:
        """What the hook's last argument must be."""

    @property
    def before(self) -> int:
        """``count`` as the block under way began."""

    @property
    def thumb(self) -> bool:
        """Whether the block under way is Thumb code."""

    @property
    def left(self) -> int:
        """How many instructions the limit still allows; 0 without one, or after ``exhaust``."""

    @property
    def turn_over(self) -> bool:
        """Whether the last run ended because the turn was over."""

    def see(self, memory: Memory) -> None:
        """Read code through this memory."""

    def trust(self, fills: Any) -> None:
        """Do not compare code that these ``emu.mmu.fills.Fills`` have called plain.

        They hear of every store to such code.
        """

    def tell(self, function: int, data: int) -> None:
        """Call ``function(uc, va, size, data)`` at each block, even if the run stops before it."""

    def begin(self, limit: int, turn: int) -> None:
        """A run begins that may complete ``limit`` instructions, or any number if 0.

        turn: the instructions left of the turn; at most 0 if it is over, or ``NO_TURN``.
        """

    def spend(self, number: int) -> None:
        """Let the turn of the run under way, if it has one, end so many instructions earlier."""

    def exhaust(self) -> None:
        """Let the hook stop the run at the next block, and at any further one that begins."""

    def end(self, pc: int) -> bool:
        """The run ended at ``pc``; whether the hook ended it."""

    def pass_block(self, pc: int, thumb: bool) -> int:
        """Let the block at ``pc`` begin, although the limit lies inside it.

        Returns the address of the first instruction beyond the limit: the caller must stop the run
        before that.
        """

    def begun(self, pc: int) -> int:
        """While the instruction at ``pc`` executes: the count up to and including it."""


class _Block(NamedTuple):
    """The block under way.  following: ``next`` as the block began."""

    va: int
    size: int
    thumb: bool
    following: int

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and self.va <= va < self.va + self.size


_NONE = _Block(NOWHERE, 0, False, NOWHERE)


class PythonCounter(PythonHook):
    """The twin of ``emu/native/counter.c``."""

    def __init__(self, unicorn: Unicorn) -> None:
        self.count = self.runs = 0
        self.next = NOWHERE
        self.turn_over = self.thumb = False
        self.before = 0
        self._limit = self._turn_end = NO_LIMIT
        self._block = _NONE
        self._passing = False
        self._thumb: ThumbCode | None = None
        self._status = Batch(unicorn.uc, ("cpsr",))
        self._watchers: list[tuple[Callable[..., None], int]] = []
        super().__init__(HOOK_CODE_CFUNC(self._block_begins))

    @property
    def left(self) -> int:
        return 0 if self._limit == NO_LIMIT else max(self._limit - self.count, 0)

    def see(self, memory: Memory) -> None:
        assert isinstance(memory, PythonMemory)
        self._thumb = ThumbCode(memory)

    def _block_begins(self, uc: int, va: int, size: int, _data: object) -> None:
        jumped = va != self.next or not va & PAGE_OFFSET
        cpsr = self._status.read()[0]
        self.thumb = cpsr & THUMB_BIT != 0
        self._block = _Block(va, size, self.thumb, self.next)
        self.next = va + size
        self.before = self.count
        self.count += self._instructions(va, size)
        for begins, data in self._watchers:
            begins(uc, va, size, data)
        if self._passing:
            self._passing = False
            return
        if cpsr & IT_STATE:  # Unicorn does not stop there
            return
        self.turn_over = jumped and self.before >= self._turn_end
        if self.count > self._limit or self.turn_over:
            uclib.uc_emu_stop(uc)

    def _instructions(self, va: int, size: int) -> int:
        """How many instructions ``size`` bytes of the block under way hold."""
        if not self._block.thumb:
            return size // 4
        assert self._thumb is not None
        return self._thumb.number(va, size)

    def trust(self, fills: Any) -> None:
        """No effect: all code is compared."""

    def tell(self, function: int, data: int) -> None:
        self._watchers.append((HOOK_CODE_CFUNC(function), data))

    def begin(self, limit: int, turn: int) -> None:
        self.runs += 1
        self._limit = self.count + limit if limit else NO_LIMIT
        self._turn_end = NO_LIMIT if turn == NO_TURN else self.count + max(turn, 0)
        self._block = _NONE
        self._passing = self.turn_over = False

    def spend(self, number: int) -> None:
        if self._turn_end != NO_LIMIT:
            self._turn_end = max(self._turn_end - number, 0)

    def exhaust(self) -> None:
        self._limit = 0

    def end(self, pc: int) -> bool:
        over = self.count > self._limit or self.turn_over
        block = self._block
        if pc == block.va:
            self.count, self.next = self.before, block.following
        elif pc in block and (block.thumb or not pc & 3):
            self.count, self.next = self.before + self._instructions(block.va, pc - block.va), pc
        self._block = _NONE
        return over

    def pass_block(self, pc: int, thumb: bool) -> int:
        self._passing, left = True, self.left
        if not thumb:
            return pc + 4 * left
        assert self._thumb is not None
        return self._thumb.starts(pc, 4 * left + 2)[left]

    def begun(self, pc: int) -> int:
        if pc not in self._block:
            return self.count
        return self.before + self._instructions(self._block.va, pc - self._block.va) + 1


def make_counter(unicorn: Unicorn) -> Counter:
    """The C version if it is built, else the Python one."""
    if native.hooks is None:
        return PythonCounter(unicorn)
    counter: Counter = native.hooks.Counter(unicorn.uc.value, const.UC_ARM_REG_CPSR)
    return counter


def prepare(counter: Counter, unicorn: Unicorn) -> None:
    """Tell the counter in C where the T bit is, before the first run that is counted."""
    if not isinstance(counter, PythonCounter):
        from emu.cpu.unicorn_internals import thumb_bit

        counter.thumb_bit = thumb_bit(unicorn)  # type: ignore[attr-defined]
