"""The trace of what executes: blocks, and their instructions as text made once for each block.

The text of a block is written after the next block has begun, because only then is it certain that
all of it executed: if a run ends inside a block, say at a fault, the text is cut before the PC.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from emu.arm.branches import target_of
from emu.arm.disassembly import Instruction, disassemble
from emu.execution.code import symbol_in
from emu.execution.executed import Block, BlockUser
from emu.execution.sources import executed_blocks
from emu.trace.output import PIECES

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile
    from emu.trace.recorder import Recorder
    from kernel_model.process import Process


class _Lines(NamedTuple):
    """The lines of a block, one an instruction.  ends: the address after each.

    va, end: the block's first address, and the one after its last.
    """

    va: int
    end: int
    lines: list[str]
    ends: list[int]

    def done(self, pc: int) -> int:
        """How many instructions have executed when ``pc`` is next; all, if that is elsewhere."""
        inside = self.va <= pc < self.end
        return bisect_right(self.ends, pc) if inside else len(self.lines)


class ExecutionTracer(BlockUser):
    """Writes blocks, instructions, or both.

    blocks: the source of blocks, an observer.
    """

    def __init__(self, recorder: Recorder, with_blocks: bool, with_instructions: bool) -> None:
        self.recorder = recorder
        self._with_blocks, self._with_instructions = with_blocks, with_instructions
        self._texts: list[str] = []
        self._lines: list[_Lines] = []
        self._written = 0  # lines of the block under way, or of the first that is told next
        self._pieces = recorder.output.pieces
        self.blocks = executed_blocks(recorder.code, self, ordered=True)

    def write_through(self, pc: int) -> None:
        """Write all that has executed, and the instruction at ``pc``, which is executing."""
        self.blocks.tell_order()
        last = self.blocks.last
        if last >= 0:
            block = self._lines[last]
            if block.va <= pc < block.end:
                self._write(last, bisect_right(block.ends, pc) + 1)

    # What the source of blocks tells

    def wants(self, process: Process) -> bool:
        return self.recorder.filter.wants(process.pid) and not self.recorder.output.lost

    def made(self, block: Block) -> None:
        file = self.recorder.code.file(block.va, block.code)
        instructions = list(disassemble(block.code, block.va, block.thumb))
        lines = [self._line(each, block.thumb, file) for each in instructions]
        if self._with_blocks and lines and self.recorder.filter.wants_code(block.va):
            lines[0] = self.recorder.format.block(
                self.recorder.pid, block.va, len(block.code), len(lines), symbol_in(file, block.va)
            ) + lines[0]  # fmt: skip
        ends = [instruction.va + instruction.size for instruction in instructions]
        self._lines.append(_Lines(block.va, block.va + len(block.code), lines, ends))
        self._texts.append("".join(lines))

    def ran(self, numbers: Sequence[int]) -> None:
        pieces, first = self._pieces, 0
        if self._written:
            pieces.append("".join(self._lines[numbers[0]].lines[self._written :]))
            self._written, first = 0, 1
        pieces.extend(map(self._texts.__getitem__, numbers[first:]))
        if len(pieces) >= PIECES:
            self.recorder.output.flush()

    def left(self, number: int, pc: int) -> None:
        self._write(number, self._lines[number].done(pc))
        self._written = 0

    def forgotten(self) -> None:
        self._lines.clear()
        self._texts.clear()

    def _write(self, number: int, done: int) -> None:
        """Write the first ``done`` lines, without those that are written already."""
        if done > self._written:
            lines = self._lines[number].lines
            self.recorder.output.write("".join(lines[self._written : done]))
            self._written = done

    def _line(self, instruction: Instruction, thumb: bool, file: DebugFile | None) -> str:
        if not self._with_instructions or not self.recorder.filter.wants_code(instruction.va):
            return ""
        target = target_of(instruction)
        return self.recorder.format.instruction(
            self.recorder.pid, instruction, thumb, symbol_in(file, instruction.va),
            "" if target is None else symbol_in(file, target),
        )  # fmt: skip
