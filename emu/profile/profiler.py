"""Counting instructions by call stack while a program runs."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.arm.branches import End, end_of
from emu.arm.disassembly import disassemble
from emu.execution.executed import Block, BlockUser
from emu.execution.sources import call_stacks, executed_blocks
from emu.execution.stacks import ENDS, NAMELESS, UNKNOWN, Place
from emu.machine.observers import Observer
from emu.profile.tree import Node
from kernel_model.process import Start

if TYPE_CHECKING:
    from emu.execution.code import Code
    from emu.machine.core import Core
    from kernel_model.process import Process, Resume


class Profiler(BlockUser, Observer):
    """Charges each instruction to the function that executed it, under those that called it.

    blocks: the source of blocks.  Both are observers, the source first.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._functions = {"": NAMELESS, "?": UNKNOWN}
        self._stack_of: dict[int, int] = {}
        self._stacks = call_stacks(code.core.engine)
        self.blocks = executed_blocks(code, self, stacks=self._stacks)

    @property
    def root(self) -> Node:
        """What has executed so far, as a tree of calls."""
        names, nodes = list(self._functions), [Node("")]
        for parent, function, instructions in self._stacks.tree():
            node = nodes[parent].child(names[function])
            node.instructions += instructions
            nodes.append(node)
        return nodes[0]

    # What the machine tells

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if process.pid not in self._stack_of or isinstance(resume, Start):
            name = self._function(f"process {process.pid}")
            self._stack_of[process.pid] = self._stacks.begin(name)
        self._stacks.use(self._stack_of[process.pid])

    def restored(self) -> None:
        self._stacks.restored()

    # What the source of blocks tells

    def made(self, block: Block) -> None:
        va, file = block.va, self._code.file(block.va, block.code)
        symbol = None if file is None else file.symbol_at(va)
        name = NAMELESS if symbol is None else self._function(symbol.name)
        called_as = name or self._function(f"{va:#010x}")
        instructions = list(disassemble(block.code, va, block.thumb))
        end = end_of(instructions[-1]) if instructions else End.PLAIN
        is_entry = symbol is not None and symbol.va == va
        back = va + len(block.code)
        place = Place(va, back, name, called_as, ENDS[end], is_entry)
        self._stacks.place(block.number, place)

    def left(self, number: int, pc: int) -> None:
        self._stacks.left()  # the count says how far the block got

    def forgotten(self) -> None:
        """The stacks keep what they need of the block that began last."""

    def _function(self, name: str) -> int:
        return self._functions.setdefault(name, len(self._functions))
