"""The frames boot: what proc0 finds, and programs that do not fit."""

from __future__ import annotations

import re
import struct
from itertools import pairwise

import pytest

from kernel_model.abi import (
    BOOT_ARGS_SIZE,
    BOOT_INFO_STRUCT,
    KERNEL_VA,
    WINDOW_VA,
    FrameType,
    ProcState,
    TableType,
)
from kernel_model.boot import BootError, boot, chunks
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment, ThreadLocal
from kernel_model.kernel import KERNEL_SIZE, PROC0, Device
from kernel_model.memory import Ram
from kernel_model.process import Start
from kernel_model.walk import walk
from kernel_model.window import window_table
from tests.kernel.driver import (
    AREA,
    CODE,
    CODE_VA,
    DATA,
    DATA_VA,
    INFO,
    L1,
    LOW,
    MIB,
    PAGE,
    RAM_BASE,
    RAM_SIZE,
    REST,
    RO,
    RW,
    RWX,
    RX,
    STACK,
    SYS,
    TABLE_L2,
    UART,
    UART_PA,
    Machine,
)


def program(*segments: Segment, entry: int = CODE_VA) -> Image:
    return Image(segments, entry)


def code(va: int = CODE_VA, size: int = PAGE, data: bytes = b"code") -> Segment:
    return Segment(va, size, data, READ | EXEC)


# -- what proc0 finds ------------------------------------------------------------------------


def test_proc0_owns_all_memory_that_the_kernel_does_not_use(machine):
    frames = [machine.info(f_id) for f_id in machine.owned()]
    memory = sorted((f.pa, f.len) for f in frames if f.type == FrameType.MEM)
    assert memory[0][0] == RAM_BASE + KERNEL_SIZE
    assert sum(length for _, length in memory) == RAM_SIZE - KERNEL_SIZE
    for (pa, length), (following, _) in pairwise(memory):
        assert pa + length == following


def test_proc0_owns_one_io_frame_for_each_device():
    devices = Device("a", 0x48000000, PAGE), Device("b", UART_PA, 16 * PAGE)
    machine = Machine(devices=devices)
    found = [machine.info(f_id) for f_id in machine.owned()[-2:]]
    assert [(f.type, f.pa, f.len) for f in found] == [
        (FrameType.IO, 0x48000000, PAGE),
        (FrameType.IO, UART_PA, 16 * PAGE),
    ]


def test_the_frames_are_in_the_order_that_the_documentation_gives(machine):
    kinds = [(machine.info(f_id).t_flags, machine.info(f_id).len) for f_id in (L1, LOW, SYS)]
    assert kinds == [
        (TableType.L1 | 1, 4 * PAGE),
        (TableType.L2 | 1, PAGE),
        (TableType.L2 | 1, 4 * PAGE),
    ]
    assert machine.info(UART).type == FrameType.IO
    assert machine.info(REST).v_id == -1


def test_every_table_is_visible(machine):
    va = AREA
    for table in (L1, LOW, SYS):
        described = machine.info(table)
        assert described[7:] == (SYS, va, RO)
        assert machine.rights(va) == "r--"
        assert machine.pa(va) == described.pa
        va += described.len
    assert machine.info(INFO)[7:] == (SYS, va, RO)


def test_segments_are_where_the_program_wants_them_with_their_rights(machine):
    assert machine.peek(CODE_VA, 4) == b"\xfe\xff\xff\xea"
    assert machine.peek(DATA_VA, 8) == b"data\0\0\0\0"
    assert machine.rights(CODE_VA) == "r-x"
    assert machine.rights(DATA_VA + 4 * PAGE - 1) == "rw-"
    assert machine.rights(DATA_VA + 4 * PAGE) == "---"


@pytest.mark.parametrize(
    ("rights", "flags"),
    [
        (READ, RO),
        (READ | EXEC, RX),
        (READ | WRITE, RW),
        (READ | WRITE | EXEC, RWX),
        (WRITE, RW),
        (EXEC, RX),
        (0, RO),
    ],
)
def test_a_segments_rights_become_map_flags(rights, flags):
    machine = Machine(image=program(code(), Segment(0x18000, PAGE, b"", rights), *_data()))
    assert machine.info(DATA).v_flags == flags


def _data() -> tuple[Segment]:
    """Memory to call from."""
    return (Segment(DATA_VA, PAGE, b"", READ | WRITE),)


def test_the_stack_has_a_guard_page_and_sp_is_its_end(machine):
    top = AREA + 16 * MIB
    assert isinstance(machine.booted, Start)
    assert machine.booted.sp == top == KERNEL_VA
    stack = machine.info(STACK)
    assert stack.v_va + stack.len == top
    assert machine.rights(top - 1) == machine.rights(stack.v_va) == "rw-"
    assert machine.rights(stack.v_va - 1) == "---"
    assert machine.rights(stack.v_va - PAGE) == "---"


@pytest.mark.parametrize("executable", [False, True])
def test_the_stack_is_executable_if_the_program_wants_that(executable):
    kernel = boot(Ram(RAM_BASE, RAM_SIZE), program(code())._replace(is_stack_executable=executable))
    stack = kernel.frames[STACK - 1]
    found = walk(kernel.memory, kernel.frames[L1].pa, kernel.view_va(stack))
    assert found.user == READ | WRITE | (EXEC if executable else 0)


@pytest.mark.parametrize("align", [1, 8, 64, PAGE])
@pytest.mark.parametrize("size", [1, 12, PAGE, MIB])
def test_thread_local_variables_are_above_the_stack(align, size):
    """Where the thread pointer says, as they begin; the stack is as large as without."""
    data = b"begun"[:size]
    image = program(code())._replace(thread_local=ThreadLocal(size, data, align))
    kernel = boot(Ram(RAM_BASE, RAM_SIZE), image)
    proc0, stack = kernel.processes[PROC0], kernel.frames[STACK - 1]
    block, top = proc0.thread_pointer, kernel.view_va(stack) + stack.len
    assert isinstance(proc0.resume, Start)
    assert proc0.resume.sp == block
    first = block + max(8, align)
    assert (block % max(8, align), first % align) == (0, 0)
    assert first + size <= top < first + size + 2 * PAGE
    assert block - kernel.view_va(stack) >= RAM_SIZE // 16
    at = stack.pa + first - kernel.view_va(stack)
    assert kernel.memory.read(at, size) == data.ljust(size, b"\0")


def test_without_thread_local_variables_the_thread_pointer_is_0(machine):
    assert machine.current.thread_pointer == 0


@pytest.mark.parametrize(
    ("ram", "stack"),
    [(2 * MIB, 2 * MIB // 16), (RAM_SIZE, RAM_SIZE // 16), (3 * MIB + PAGE, 0x30000)],
)
def test_the_stack_is_a_sixteenth_of_ram_in_whole_pages(ram, stack):
    machine = Machine(size=ram)
    assert machine.kernel.frames[STACK].len == stack


def test_the_stack_is_never_more_than_8_mib():
    kernel = boot(Ram(RAM_BASE, 144 * MIB), program(code()))
    assert kernel.frames[STACK - 1].len == 8 * MIB


def test_pc_and_r0(machine):
    assert isinstance(machine.booted, Start)
    assert machine.booted.pc == CODE_VA
    assert machine.booted.r0 == machine.info(INFO).v_va
    assert (machine.booted.r1, machine.booted.r2, machine.booted.r3) == (0, 0, 0)
    thumb = Machine(image=program(code(), *_data(), entry=CODE_VA | 1))
    assert isinstance(thumb.booted, Start)
    assert thumb.booted.pc == CODE_VA | 1


def test_the_information_page():
    machine = Machine(arguments=b"prog one two")
    data = machine.peek(machine.booted.r0, struct.calcsize(BOOT_INFO_STRUCT))
    assert struct.unpack(BOOT_INFO_STRUCT, data) == (
        RAM_BASE, KERNEL_SIZE, 0, 0, 0, b"prog one two" + bytes(244),
    )  # fmt: skip
    assert machine.rights(machine.booted.r0) == "r--"


def test_a_command_line_of_255_bytes_fits_and_one_of_256_does_not():
    line = b"a" * (BOOT_ARGS_SIZE - 1)
    machine = Machine(arguments=line)
    assert machine.peek(machine.booted.r0 + 20, BOOT_ARGS_SIZE) == line + b"\0"
    with pytest.raises(BootError, match="the command line is 256 bytes, more than 255"):
        Machine(arguments=line + b"a")


def test_proc0_is_the_first_process_and_runs(machine):
    assert machine.pid == PROC0 == 0
    assert machine.current.state is ProcState.READY
    assert machine.current.parent == -1
    assert machine.host.vspaces == [(0, machine.info(L1).pa)]


def test_the_kernels_part_is_in_the_l1_and_not_for_user_mode(machine):
    for va in (KERNEL_VA, KERNEL_VA + MIB - 1, WINDOW_VA):
        found = machine.walk(va)
        assert found.fault is None
        assert found.user == 0
        assert found.kernel & WRITE
    assert machine.pa(KERNEL_VA) == RAM_BASE
    assert machine.walk(KERNEL_VA + MIB).fault is not None


def test_the_window_shows_the_page_that_was_edited_last(machine):
    machine.view(machine.take(), 0xEF100000)
    index = (0xEF100000 - AREA) // PAGE * 4
    assert machine.pa(WINDOW_VA) == machine.info(SYS).pa + index & ~0xFFF


def test_the_window_is_for_the_kernels_data_only(machine):
    assert machine.walk(WINDOW_VA).kernel == READ | WRITE
    assert machine.walk(WINDOW_VA).user == 0


def test_each_core_has_a_window_of_its_own():
    assert [window_table(RAM_BASE, core) - RAM_BASE for core in range(3)] == [0, 0x400, 0x800]


def test_an_edit_that_spans_pages_of_a_table_goes_through_the_window_page_by_page(machine):
    l2, two = machine.l2(2), machine.take(2)
    machine.ok("frame_map", L1, l2, 0x40000000, TABLE_L2)
    machine.view(two, 0x40000000 + 4 * MIB - PAGE, RO, l2)
    pa = machine.info(l2).pa
    assert machine.ram.read_word(pa + PAGE - 4) + PAGE == machine.ram.read_word(pa + PAGE)
    assert machine.pa(WINDOW_VA) == pa + PAGE


def test_what_ram_held_before_does_not_reach_proc0():
    ram = Ram(RAM_BASE, RAM_SIZE)
    ram.write(RAM_BASE, b"\xff" * RAM_SIZE)
    kernel = boot(ram, program(code(size=2 * PAGE)))
    for frame in (kernel.frames[CODE], kernel.frames[INFO], kernel.frames[STACK - 1]):
        assert not any(ram.read(frame.end - 64, 64))
    assert ram.read(RAM_BASE + PAGE, 64) == bytes(64)


# -- segments that share pages ---------------------------------------------------------------


def test_segments_that_share_a_page_share_a_frame():
    first = code(size=0x1234, data=b"c" * 0x1234)
    second = Segment(CODE_VA + 0x1234, 0x2000, b"d" * 0x100, READ | WRITE)
    machine = Machine(image=program(first, second, *_data()))
    frame = machine.info(CODE)
    assert (frame.len, frame.v_va, frame.v_flags) == (4 * PAGE, CODE_VA, RWX)
    assert machine.peek(CODE_VA + 0x1230, 8) == b"ccccdddd"
    assert machine.peek(CODE_VA + 0x1334, 4) == bytes(4)


def test_segments_on_neighbouring_pages_do_not():
    second = Segment(CODE_VA + PAGE, PAGE, b"d", READ | WRITE)
    machine = Machine(image=program(code(), second))
    assert machine.kernel.frames[CODE].len == machine.kernel.frames[DATA].len == PAGE
    assert (machine.rights(CODE_VA), machine.rights(CODE_VA + PAGE)) == ("r-x", "rw-")


def chunk_shapes(*segments: Segment) -> list[tuple[int, int, int]]:
    return [(chunk.va, chunk.size, chunk.rights) for chunk in chunks(program(*segments))]


def test_segments_are_gathered_whatever_their_order():
    a, b, c = (Segment(va, 0x800, b"", READ) for va in (0x10000, 0x10800, 0x12000))
    assert chunk_shapes(c, b, a) == [(0x10000, PAGE, READ), (0x12000, PAGE, READ)]


def test_a_segment_inside_anothers_pages_does_not_shrink_them():
    outer = Segment(0x10000, 3 * PAGE, b"", READ)
    inner = Segment(0x10100, 0x10, b"", READ | WRITE)
    assert chunk_shapes(outer, inner) == [(0x10000, 3 * PAGE, READ | WRITE)]


@pytest.mark.parametrize("va", [0x10000, 0x10800, 0x11000, 0x20000])
def test_an_empty_segment_is_nothing(va):
    """Not even its rights count for the page that it touches."""
    empty = Segment(va, 0, b"", READ | WRITE)
    assert chunk_shapes(Segment(0x10000, PAGE, b"", READ), empty) == [(0x10000, PAGE, READ)]


def test_a_chain_of_shared_pages_is_one_frame():
    parts = [Segment(0x10800 + n * PAGE, PAGE, b"", READ) for n in range(4)]
    assert chunk_shapes(*parts) == [(0x10000, 5 * PAGE, READ)]


# -- where the tables go ---------------------------------------------------------------------


def test_far_segments_get_an_l2_each():
    machine = Machine(image=program(code(), code(0x40000000), code(0x80000000), *_data()))
    installed = [machine.info(f_id) for f_id in range(1, 5)]
    assert [table.t_va for table in installed] == [0, 0x40000000, 0x80000000, AREA]


def test_segments_in_neighbouring_4_mib_blocks_share_an_l2():
    machine = Machine(image=program(code(), code(4 * MIB - PAGE, 2 * PAGE), *_data()))
    assert machine.info(LOW)[3:6] == (2 * PAGE, L1, 0)
    assert machine.rights(4 * MIB) == machine.rights(4 * MIB - 1) == "r-x"


def test_a_program_in_the_last_16_mib_moves_the_system_area_down():
    machine = Machine(image=program(code(AREA + PAGE), *_data(), entry=AREA + PAGE))
    assert machine.booted.sp == AREA
    assert machine.rights(AREA + PAGE) == "r-x"


def test_a_program_that_ends_at_the_system_area_does_not_move_it():
    machine = Machine(image=program(code(AREA - PAGE), *_data(), entry=AREA - PAGE))
    assert machine.booted.sp == KERNEL_VA


# -- programs that do not fit ----------------------------------------------------------------


def test_a_program_that_needs_more_ram_says_how_much():
    with pytest.raises(BootError, match=r"needs 0x[0-9a-f]+ bytes of RAM .* --ram 6M or more"):
        Machine(image=program(code(size=4 * MIB)))
    Machine(size=6 * MIB, image=program(code(size=4 * MIB), Segment(0x800000, PAGE, b"", 3)))


@pytest.mark.parametrize("pages", range(930, 1010, 8))
def test_the_ram_that_is_advised_is_the_least_that_is_enough(pages):
    """More RAM means a bigger stack, which needs more RAM."""
    image = program(code(size=pages * PAGE))
    with pytest.raises(BootError) as refused:
        boot(Ram(RAM_BASE, RAM_SIZE), image)
    advised = int(re.search(r"--ram (\d+)M", str(refused.value))[1]) * MIB
    boot(Ram(RAM_BASE, advised), image)
    with pytest.raises(BootError, match="bytes of RAM"):
        boot(Ram(RAM_BASE, advised - MIB), image)


def test_the_size_that_is_asked_for_is_enough_and_one_page_less_is_not():
    image = program(code())
    tables, info, stack = 4 * PAGE + 5 * PAGE, PAGE, 17 * PAGE  # a sixteenth of RAM
    needed = KERNEL_SIZE + tables + info + stack + PAGE
    with pytest.raises(BootError, match=f"needs {needed:#x} bytes"):
        boot(Ram(RAM_BASE, needed - PAGE), image)
    kernel = boot(Ram(RAM_BASE, needed), image)
    assert max(frame.end for frame in kernel.frames.values()) == RAM_BASE + needed
    assert len(kernel.frames) == 6, "nothing is left over"


def test_a_program_over_the_kernel_is_refused():
    with pytest.raises(BootError, match="a segment at 0xefff0000 overlaps the kernel"):
        Machine(image=program(code(0xEFFF0000, 17 * PAGE)))
    with pytest.raises(BootError, match="a segment at 0xf0000000 overlaps the kernel"):
        Machine(image=program(code(KERNEL_VA)))
    Machine(image=program(code(0xEFFF0000, 16 * PAGE), *_data()))


@pytest.mark.parametrize("va", [0, 4, PAGE - 1])
def test_a_program_on_page_0_is_refused(va):
    with pytest.raises(BootError, match="a segment uses page 0"):
        Machine(image=program(code(va, 16)))


def test_a_program_that_leaves_no_system_area_is_refused():
    everywhere = [Segment(block << 24, PAGE, b"", READ) for block in range(1, 0xF0)]
    with pytest.raises(BootError, match="no 16 MiB"):
        Machine(size=8 * MIB, image=program(*everywhere))


def test_a_program_of_too_many_frames_is_refused():
    """Every other page a segment: the kernel has not the objects for so many."""
    crumbs = [Segment(0x10000 + n * 2 * PAGE, PAGE, b"", READ) for n in range(1100)]
    with pytest.raises(BootError, match=r"1107 frames .* 1024"):
        Machine(size=16 * MIB, image=program(*crumbs))


def test_ram_that_is_not_aligned_for_the_kernels_section_is_our_mistake():
    with pytest.raises(ValueError, match="0x80001000"):
        boot(Ram(RAM_BASE + PAGE, RAM_SIZE), program(code()))
