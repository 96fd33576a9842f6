"""The trace of what executes: blocks, and their instructions as text made once for each block.

Unicorn tells where each basic block begins.  A block's text is made when it first executes and
used again for as long as the same bytes are at the same place; so an execution costs one short
callback, whatever the number of its instructions.  The text of a block is written when the next
one begins, because only then it is sure that all of it executed: when a run ends inside it, say at
a fault, only what is before the PC is written.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC

from emu.cpu.registers import THUMB_BIT, Batch
from emu.disasm import Instruction, disassemble
from emu.observe import Observer, Registers
from emu.trace.code import symbol_in
from emu.trace.output import PIECES
from emu.trace.recorder import Recorder
from kernel_model.process import Process, Result, Start

if TYPE_CHECKING:
    from array import array

    from emu.cpu.engine import Stop
    from emu.debuginfo import DebugFile

MANY_BLOCKS = 50_000
"""Beyond so many texts the oldest are made again when needed: memory stays bounded."""


class Text:
    """A block's text.

    where: in RAM ``code`` was; empty if it was not in one piece there, which never matches.
    lines: one an instruction.  ends: the address behind each.  switches: whether the instruction
    set may be another behind the block.
    """

    __slots__ = ("code", "ends", "lines", "size", "switches", "text", "where")

    def __init__(
        self, offset: int, code: bytes, lines: list[str], ends: list[int], switches: bool
    ) -> None:
        self.where = slice(offset, offset + len(code)) if offset >= 0 else slice(0)
        self.code, self.size = code, len(code)
        self.lines, self.ends = lines, ends
        self.text = "".join(lines)
        self.switches = switches

    def holds(self, va: int) -> bool:
        """Whether ``va`` is in the block."""
        return bool(self.ends) and self.ends[-1] - self.size <= va < self.ends[-1]


class ExecutionTracer(Observer):
    """Writes blocks, instructions, or both.

    ``settle(pc)`` writes what has executed before ``pc`` and is not written yet.
    """

    def __init__(self, recorder: Recorder, blocks: bool, instructions: bool) -> None:
        self.recorder = recorder
        self.blocks, self.instructions = blocks, instructions
        self.engine = recorder.machine.engine
        self._spaces: dict[tuple[int, int, int], dict[int, Text]] = {}
        self._texts: dict[int, Text] = {}
        self._known = 0
        self._wanted = False
        self._ask = True
        self._thumb = 0
        self._status = Batch(self.engine.uc, ("cpsr",))
        self._open: Text | None = None
        self._written = 0
        self._hook = HOOK_CODE_CFUNC(self._callback())
        self.engine.add_raw_hook(const.UC_HOOK_BLOCK, self._hook)

    def _callback(self) -> Callable[[int, int, int, object], None]:
        """What Unicorn calls at each block: everything it needs at hand."""
        pieces = self.recorder.output.pieces
        flush = self.recorder.output.flush
        memory = self.recorder.code.memory
        fetch, status = self._status.fetch, self._status.values

        def block(_uc: int, va: int, size: int, _data: object) -> None:
            try:
                if not self._wanted:
                    return
                last = self._open
                if last is not None:
                    pieces.append(last.text if not self._written else self._rest(last))
                    if len(pieces) >= PIECES:
                        flush()
                    if last.switches:
                        fetch()
                        if status[0] & THUMB_BIT != self._thumb:
                            self._choose()
                elif self._ask:
                    self._choose()
                text = self._texts.get(va)
                if text is None or text.size != size or memory[text.where] != text.code:
                    text = self._make(va, size)
                self._open = text
            except BaseException as error:
                self.engine.fail(error)

        return block

    # What goes on around the blocks

    def loading(self, process: Process, resume: Start | Result | None, switched: bool) -> None:
        self._wanted = self.recorder.filter.wants(process.pid) and not self.recorder.output.lost
        self._ask = True

    def stopped(self, process: Process, reason: Stop) -> None:
        self.settle(self.engine.pc)
        self._wanted = False  # an instruction that faulted may be tried again to learn more

    def calling(self, process: Process, number: int, registers: Registers) -> None:
        self.settle(self.engine.pc)

    def called(self, process: Process, number: int, result: int | None) -> None:
        self._ask = True

    def semihosting(self, process: Process, operation: int, argument: int) -> None:
        self.settle(self.engine.pc)

    def semihosted(self, process: Process, operation: int, result: int) -> None:
        self._ask = True

    def descriptors(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        """An address may now be other memory."""
        if any(old):
            self._spaces.clear()
            self._known = 0

    def settle(self, pc: int) -> None:
        """Write what of the open block lies before ``pc``; all of it if ``pc`` is elsewhere."""
        text = self._open
        if text is not None:
            done = bisect_right(text.ends, pc) if text.holds(pc) else len(text.lines)
            self._write_to(text, done)
            self._open, self._written = None, 0

    def settle_through(self, pc: int) -> None:
        """Write the open block up to the instruction at ``pc``, which is executing."""
        text = self._open
        if text is not None and text.holds(pc):
            self._write_to(text, bisect_right(text.ends, pc) + 1)

    def _write_to(self, text: Text, done: int) -> None:
        if done > self._written:
            self.recorder.output.write("".join(text.lines[self._written : done]))
            self._written = done

    def _rest(self, text: Text) -> str:
        rest = "".join(text.lines[self._written :])
        self._written = 0
        return rest

    # Making texts

    def _choose(self) -> None:
        """Find the texts for the address space and instruction set that are current now."""
        process = self.recorder.kernel.current
        assert process is not None
        self._thumb = self._status.read()[0] & THUMB_BIT
        self._texts = self._spaces.setdefault((process.pid, process.l1, self._thumb), {})
        self._ask = False

    def _make(self, va: int, size: int) -> Text:
        if self._known >= MANY_BLOCKS:
            self._spaces.clear()
            self._known = 0
            self._choose()
        code = self.recorder.code
        found = code.read(va, size)
        text = self._text(va, found, code.offset(va, size))
        self._texts[va] = text
        self._known += 1
        return text

    def _text(self, va: int, found: bytes, offset: int) -> Text:
        thumb = bool(self._thumb)
        file = self.recorder.code.file(va, found)
        instructions = list(disassemble(found, va, thumb))
        pid = self.recorder.pid
        lines = [
            self._line(pid, instruction, thumb, file)
            if self.instructions and self.recorder.filter.wants_code(instruction.va)
            else ""
            for instruction in instructions
        ]
        if self.blocks and lines and self.recorder.filter.wants_code(va):
            symbol = symbol_in(file, va)
            lines[0] = (
                self.recorder.format.block(pid, va, len(found), len(lines), symbol) + lines[0]
            )
        ends = [instruction.va + instruction.size for instruction in instructions]
        return Text(offset, found, lines, ends, bool(instructions) and _switches(instructions[-1]))

    def _line(self, pid: int, instruction: Instruction, thumb: bool, file: DebugFile | None) -> str:
        target = instruction.target
        return self.recorder.format.instruction(
            pid, instruction, thumb, symbol_in(file, instruction.va),
            "" if target is None else symbol_in(file, target),
        )  # fmt: skip


def _switches(instruction: Instruction) -> bool:
    """Whether the instruction set may be another behind it: only direct branches keep it."""
    return instruction.target is None or instruction.mnemonic.startswith("blx")
