"""The table of blocks in C is forgotten when it is full, and nothing that was counted is lost."""

from __future__ import annotations

from io import BytesIO

import pytest

from emu import native
from emu.debuginfo import DebugFile, DebugFiles
from emu.environment.world import ScriptedWorld
from emu.execution.code import Code
from emu.machine import Machine, Options
from emu.profile.counted import NativeProfiler
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from tests.fuzz.variants import NO_SYMBOLS

VA, BRANCH = 0x10000, 0xEAFFFFFF  # b to the next instruction
MANY = 50_500
"""Blocks: more than there is room for."""


@pytest.mark.skipif(native.hooks is None, reason="the hooks in C are not built, or not wanted")
def test_more_blocks_than_there_is_room_for() -> None:
    words = [BRANCH] * MANY + [0xE3A00000, 0xE3A0C001, 0xE7F000F0]  # mov; mov; udf
    code = b"".join(word.to_bytes(4, "little") for word in words)
    image = Image((Segment(VA, len(code), code, READ | EXEC),), VA)
    machine = Machine(image, ScriptedWorld(), Options(ram=8 << 20))
    files = DebugFiles(DebugFile(BytesIO(NO_SYMBOLS), "many"))
    profiler = NativeProfiler(Code.of(machine, files), native.hooks)
    machine.observers.add(profiler)
    machine.run()
    profiler.finish()
    waiting, executed = [profiler.root], 0
    while waiting:
        node = waiting.pop()
        executed += node.instructions
        waiting += node.children.values()
    assert executed == machine.instructions == MANY + 2
    assert len(profiler.blocks.take()) < 1_000
    assert list(profiler._spaces.values()) == [profiler.blocks.space]
