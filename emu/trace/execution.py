"""The trace of what executes: blocks, and their instructions as text made once for each block.

The text of a block is written when the next one begins, because only then it is sure that all of
it executed: when a run ends inside it, say at a fault, only what is before the PC is written.
"""

from __future__ import annotations

from bisect import bisect_right

from emu.arm.branches import switches, target_of
from emu.arm.disassembly import Instruction, disassemble
from emu.debuginfo import DebugFile
from emu.execution.blocks import Block, BlockWatcher
from emu.execution.code import symbol_in
from emu.trace.output import PIECES
from emu.trace.recorder import Recorder
from kernel_model.process import Process


class TextBlock(Block):
    """A block and its text.  lines: one an instruction.  ends: the address behind each."""

    __slots__ = ("ends", "lines", "text")

    def __init__(
        self, va: int, code: bytes, offset: int, lines: list[str], instructions: list[Instruction]
    ) -> None:
        super().__init__(va, code, offset, not instructions or switches(instructions[-1]))
        self.lines = lines
        self.ends = [instruction.va + instruction.size for instruction in instructions]
        self.text = "".join(lines)


class ExecutionTracer(BlockWatcher[TextBlock]):
    """Writes blocks, instructions, or both."""

    def __init__(self, recorder: Recorder, blocks: bool, instructions: bool) -> None:
        self.recorder = recorder
        self.blocks, self.instructions = blocks, instructions
        self._written = 0  # lines of the last block
        self._pieces, self._flush = recorder.output.pieces, recorder.output.flush
        super().__init__(recorder.code)

    def wants(self, process: Process) -> bool:
        return self.recorder.filter.wants(process.pid) and not self.recorder.output.lost

    def enter(self, block: TextBlock) -> None:  # noqa: ARG002 - the one before it is written
        last = self.last
        if last is not None:
            if self._written:
                self._write(last, len(last.lines))
                self._written = 0
            else:
                self._pieces.append(last.text)
            if len(self._pieces) >= PIECES:
                self._flush()

    def leave(self, pc: int) -> None:
        last = self.last
        assert last is not None
        self._write(last, bisect_right(last.ends, pc) if pc in last else len(last.lines))
        self._written = 0

    def write_through(self, pc: int) -> None:
        """Write the last block up to the instruction at ``pc``, which is executing."""
        if self.last is not None and pc in self.last:
            self._write(self.last, bisect_right(self.last.ends, pc) + 1)

    def _write(self, block: TextBlock, done: int) -> None:
        """Write the first ``done`` lines, without those that are written already."""
        if done > self._written:
            self.recorder.output.write("".join(block.lines[self._written : done]))
            self._written = done

    def make(self, va: int, code: bytes, offset: int) -> TextBlock:
        file = self.recorder.code.file(va, code)
        instructions = list(disassemble(code, va, self.thumb))
        lines = [self._line(instruction, file) for instruction in instructions]
        if self.blocks and lines and self.recorder.filter.wants_code(va):
            pid, symbol = self.recorder.pid, symbol_in(file, va)
            lines[0] = self.recorder.format.block(pid, va, len(code), len(lines), symbol) + lines[0]
        return TextBlock(va, code, offset, lines, instructions)

    def _line(self, instruction: Instruction, file: DebugFile | None) -> str:
        if not self.instructions or not self.recorder.filter.wants_code(instruction.va):
            return ""
        target = target_of(instruction)
        return self.recorder.format.instruction(
            self.recorder.pid, instruction, self.thumb, symbol_in(file, instruction.va),
            "" if target is None else symbol_in(file, target),
        )  # fmt: skip
