"""Profiles with the hooks in C, which follow calls and returns by themselves."""

from __future__ import annotations

from types import ModuleType

from emu.arm.branches import End
from emu.cpu.registers import IDS, THUMB_BIT
from emu.execution.code import Code
from emu.execution.table import BlockTable
from emu.machine.core import Core
from emu.profile.profiler import PlacedBlock, place_of
from emu.profile.stack import UNKNOWN, Node
from kernel_model.process import Process, Resume, Start

_ENDS = {End.PLAIN: 0, End.CALL: 1, End.INDIRECT: 2}
"""How a block ends, as ``emu/native/stacks.c`` knows it."""


class NativeProfiler(BlockTable):
    """Does what ``Profiler`` does."""

    def __init__(self, code: Code, hooks: ModuleType) -> None:
        self._functions = {"": 0, UNKNOWN: 1}
        self._numbers: dict[int, int] = {}
        counter, fail = code.core.engine.counter, code.core.engine.control.fail
        self._stacks = hooks.Stacks(counter, IDS["sp"], IDS["lr"], fail)
        super().__init__(code, hooks)
        self.blocks.follow(self._stacks)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        super().loading(core, process, resume, switched)
        if process.pid not in self._numbers or isinstance(resume, Start):
            name = self._function(f"process {process.pid}")
            self._numbers[process.pid] = self._stacks.begin(name)
        self._stacks.use(self._numbers[process.pid])

    def made(self, number: int, va: int, code: bytes) -> None:
        thumb = self.engine.registers.read("cpsr") & THUMB_BIT != 0
        place = place_of(self.code, va, code)
        block = PlacedBlock(va, code, -1, thumb, place)
        name = self._function(place.function)
        called_as = name or self._function(f"{va:#010x}")
        end = _ENDS[block.end]
        self._stacks.place(number, va, block.back, name, called_as, end, place.is_entry)

    def left(self, number: int, pc: int) -> None:  # noqa: ARG002 - the count says how far it got
        self._stacks.left()

    def forget(self) -> None:
        """The stacks know what they need of the last one."""

    def restored(self) -> None:
        super().restored()
        self._stacks.restored()

    def _function(self, name: str) -> int:
        return self._functions.setdefault(name, len(self._functions))

    @property
    def root(self) -> Node:
        """What has executed, as a tree of calls."""
        names, nodes = list(self._functions), [Node("")]
        for parent, function, instructions in self._stacks.tree():
            node = nodes[parent].child(names[function])
            node.instructions += instructions
            nodes.append(node)
        return nodes[0]
