"""The heap that a program gets when it asks semihosting for one."""

from __future__ import annotations

import pytest

from emu.semihosting.heap import map_heap
from emu.semihosting.process import SemihostedProcess
from kernel_model.boot import boot
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.memory import Ram
from kernel_model.process import Start
from kernel_model.walk import walk

PAGE = 0x1000
CODE = Segment(0x8000, PAGE, b"\xfe\xff\xff\xea", READ | EXEC)
DATA = Segment(0x20000, 2 * PAGE, b"data", READ | WRITE)
SMALLEST_RAM = 0x11E000
"""What the kernel, the tables, the stack and these two segments need, and no page more."""


def booted(ram: int, *segments: Segment) -> tuple[Kernel, int]:
    """A kernel with one process of these segments, and its stack pointer."""
    kernel = boot(Ram(0x80000000, ram), Image(segments, CODE.va))
    assert kernel.running[0] is not None
    assert isinstance(kernel.running[0].resume, Start)
    return kernel, kernel.running[0].resume.sp


def heap_of(kernel: Kernel, sp: int) -> tuple[int, int]:
    assert kernel.running[0] is not None
    heap = map_heap(kernel, kernel.running[0], sp)
    check_invariants(kernel)
    return heap


def may_write(kernel: Kernel, va: int) -> bool:
    assert kernel.running[0] is not None
    return walk(kernel.memory, kernel.l1_pa(kernel.running[0]), va).refusal(WRITE) is None


def test_heap_is_writable_from_the_data_to_the_limit() -> None:
    kernel, sp = booted(16 << 20, CODE, DATA)

    start, limit = heap_of(kernel, sp)

    assert start == DATA.end
    assert limit - start > 8 << 20
    assert all(may_write(kernel, va) for va in range(start, limit, PAGE))
    assert not may_write(kernel, limit)


@pytest.mark.parametrize("pages", range(4))
def test_heap_in_next_to_no_memory_is_empty_but_has_its_limit(pages: int) -> None:
    """newlib takes a limit of 0 for none at all, and would run into nothing."""
    kernel, sp = booted(SMALLEST_RAM + pages * PAGE, CODE, DATA)

    start, limit = heap_of(kernel, sp)

    assert start == DATA.end
    assert limit >= start
    assert not may_write(kernel, limit)


def test_heap_ends_where_something_else_begins() -> None:
    above = Segment(DATA.end + 3 * PAGE, PAGE, b"", READ)
    kernel, sp = booted(16 << 20, CODE, DATA, above)

    assert heap_of(kernel, sp) == (DATA.end, above.va)


def test_program_without_data_decides_itself() -> None:
    kernel, sp = booted(16 << 20, CODE)

    assert heap_of(kernel, sp) == (0, 0)


def test_every_question_for_the_heap_gets_the_same_answer() -> None:
    kernel, sp = booted(16 << 20, CODE, DATA)
    assert kernel.running[0] is not None
    process = SemihostedProcess(kernel, kernel.running[0], lambda: sp)

    first = process.heap()

    assert first.heap_limit > first.heap_base
    assert process.heap() == first
