"""Whatever call is refused, advice about it is found without a mistake of ours, and is true."""

from __future__ import annotations

import random

import pytest

from emu.report.context import Context
from emu.report.hint import Calls
from emu.report.remedy import remedy
from kernel_model.abi import KERNEL_VA, NO_ID, POOL_OBJECT_SIZE
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.trap import trap
from tests.debug.stage import Stage, obey
from tests.kernel.driver import DATA_VA, FREE_VA, MIB, PAGE, RO, RW, SECTION, TABLE_L2

CALLS = (
    "frame_split", "frame_merge", "frame_table", "frame_map", "frame_map", "frame_map",
    "frame_unmap", "frame_give", "frame_pool", "frame_unpool", "pool_give", "frame_allow",
    "vspace_swap", "vspace_lend", "proc_new", "fault_handler", "frame_lookup",
)  # fmt: skip
PLACES = (
    0,
    4,
    PAGE,
    DATA_VA,
    MIB,
    FREE_VA,
    FREE_VA + PAGE,
    0x40000000,
    KERNEL_VA - PAGE,
    KERNEL_VA,
)
FLAGS = (0, 1, RO, RW, RO | SECTION, TABLE_L2, TABLE_L2 | RO, 2 << 2 | RO, 1 << 9 | RW)
SIZES = (0, 4, PAGE, PAGE + 4, 4 * PAGE, MIB, 0xFFFFFFFF, POOL_OBJECT_SIZE)


class Random:
    """Calls at random of a process and what is advised about them."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.stage = Stage("child" if seed % 2 else "proc0")
        self.kernel = self.stage.kernel
        self.stage.call("proc_new", self.stage.take(2))
        self.stage.installed(0x40000000)
        for pages in (1, 1, 2, 4, 16, 256):
            self.stage.take(pages, min(pages, 256) * PAGE if pages != 2 else PAGE)
        self.advised = self.mended = 0

    def argument(self, name: str) -> int:
        draw = self.draw
        if name in ("f_id", "t_id", "f1", "f2"):
            return draw.randrange(self.kernel.next_f_id + 2)
        if name == "pid":
            return draw.choice((*self.kernel.processes, NO_ID, 99))
        values = {"va": PLACES, "pointer": PLACES, "flags": FLAGS, "kind": FLAGS, "type": (0, 2, 4)}
        return draw.choice(values.get(name, SIZES))

    def step(self) -> None:
        kernel, row = self.kernel, self.kernel.calls.named(self.draw.choice(CALLS))
        words = tuple(self.argument(one.name) & 0xFFFFFFFF for one in row.arguments)
        process = kernel.running[0]
        assert process is not None
        if row.name in ("vspace_swap", "vspace_lend") and self.draw.random() < 0.9:
            return
        trap(kernel, 0, row, (*words, *[0] * (4 - len(words))))
        refusal = kernel.refusal
        if refusal is None:
            return
        registers = (*[0] * 13, FREE_VA, 0, DATA_VA, 0x10)
        context = Context(kernel, self.stage.history, self.stage.debug, process, registers)
        hint = remedy(context, row, words, refusal)
        if hint is None:
            return
        assert hint.text
        assert "{" not in hint.text
        if hint.calls:
            self.advised += 1
            self.check(hint.calls)

    def fault(self) -> None:
        """An access of the process, or of its thread: what is advised, if it faults."""
        va = self.draw.choice(PLACES) + self.draw.choice((0, 12, PAGE - 4))
        access = self.draw.choice((READ, WRITE, EXEC))
        if self.stage.walk(self.stage.pid, va).refusal(access) is None:
            return
        hint = self.stage.hint_of_fault(self.stage.pid, va, access)
        if hint is not None and hint.calls:
            self.mended += 1
            self.check(hint.calls)

    def check(self, calls: Calls) -> None:
        """Now and then the calls are really made, and the next ones see what they have done."""
        if self.draw.random() < 0.2:
            obey(self.kernel, calls)


@pytest.mark.parametrize("seed", range(8))
def test_advice_is_found_and_true(seed: int) -> None:
    one = Random(seed)
    for _ in range(250):
        one.step()
        one.fault()
        if one.kernel.running[0] is None or one.kernel.halted is not None:
            break
    assert one.advised > 5
    assert one.mended > 5
