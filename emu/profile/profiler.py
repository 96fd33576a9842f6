"""Counting instructions by call stack while a program runs."""

from __future__ import annotations

from emu.arm.branches import End, end_of, switches
from emu.arm.disassembly import disassemble
from emu.cpu.registers import Batch
from emu.execution.blocks import Block, BlockWatcher
from emu.execution.code import Code
from emu.machine.core import Core
from emu.profile.stack import Node, Place, Stack
from kernel_model.process import Process, Resume, Start


class PlacedBlock(Block):
    """A block, where it is and how it ends."""

    __slots__ = ("back", "end", "place")

    def __init__(self, va: int, code: bytes, offset: int, thumb: bool, place: Place) -> None:
        instructions = list(disassemble(code, va, thumb))
        super().__init__(va, code, offset, not instructions or switches(instructions[-1]))
        self.place = place
        self.end = end_of(instructions[-1]) if instructions else End.PLAIN
        self.back = va + len(code)


def place_of(code: Code, va: int, instructions: bytes) -> Place:
    """Where a block of the process that runs is."""
    file = code.file(va, instructions)
    symbol = None if file is None else file.symbol_at(va)
    return Place(va, "", False) if symbol is None else Place(va, symbol.name, va == symbol.va)


class Profiler(BlockWatcher[PlacedBlock]):
    """Charges each instruction to the function that executed it, under those that called it.

    Instructions are those that the engine counts, so that the sum is exactly its count.
    """

    def __init__(self, code: Code) -> None:
        self.root = Node("")
        self._stacks: dict[int, Stack] = {}
        self._stack = Stack(self.root)
        self._registers = Batch(code.core.engine.unicorn.uc, ("sp", "lr"))
        self._counter = code.core.engine.counter
        self._charged = 0
        super().__init__(code)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        super().loading(core, process, resume, switched)
        if process.pid not in self._stacks or isinstance(resume, Start):
            self._stacks[process.pid] = Stack(self.root.child(f"process {process.pid}"))
        self._stack = self._stacks[process.pid]

    def enter(self, block: PlacedBlock) -> None:
        last, stack = self.last, self._stack
        if last is None:
            stack.go_on(block.place)
            return
        self._charge(self._counter.before)
        if last.end is End.PLAIN or block.va == last.back:
            stack.go_on(block.place)
            return
        sp, lr = self._registers.read()
        if last.end is End.CALL or lr & ~1 == last.back:
            stack.call(block.place, last.back, sp)
        else:
            stack.jump(block.place, sp)

    def leave(self, pc: int) -> None:  # noqa: ARG002 - the count says how far it got
        self._charge(self._counter.count)

    def make(self, va: int, code: bytes, offset: int) -> PlacedBlock:
        return PlacedBlock(va, code, offset, self.thumb, place_of(self.code, va, code))

    def restored(self) -> None:
        super().restored()
        self._charged = self._counter.count

    def _charge(self, count: int) -> None:
        self._stack.leaf.instructions += count - self._charged
        self._charged = count
