"""What the loader takes, and the line it gives for each thing it does not."""

from __future__ import annotations

import io

import pytest

from emu.loader import LoadError, check_fits, load_elf
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment, ThreadLocal
from tests.loader.elf_writer import (
    PT_DYNAMIC,
    PT_GNU_STACK,
    PT_INTERP,
    PT_NOTE,
    PT_TLS,
    Part,
    R,
    W,
    X,
    elf,
)

CODE = Part(0x8000)
MIB = 1 << 20


def load(data: bytes) -> Image:
    return load_elf(io.BytesIO(data), "a.elf")


def refusal(data: bytes) -> str:
    with pytest.raises(LoadError) as caught:
        load(data)
    return str(caught.value)


def test_segments_come_in_order_of_address_with_their_rights() -> None:
    image = load(
        elf(
            Part(0x20000, b"data", R | W, memsz=0x100),
            Part(0x8000, b"code", R | X),
            Part(0x10000, b"rodata", R),
            entry=0x8000,
        )
    )
    assert image == Image(
        (
            Segment(0x8000, 4, b"code", READ | EXEC),
            Segment(0x10000, 6, b"rodata", READ),
            Segment(0x20000, 0x100, b"data", READ | WRITE),
        ),
        entry=0x8000,
        is_stack_executable=True,
    )


@pytest.mark.parametrize(
    ("flags", "rights"),
    [(0, READ), (X, READ | EXEC), (W, READ | WRITE), (R | W | X, READ | WRITE | EXEC)],
)
def test_every_right_comes_with_reading(flags: int, rights: int) -> None:
    assert load(elf(CODE, Part(0x10000, b"x", flags))).segments[1].rights == rights


@pytest.mark.parametrize(
    ("header", "executable"),
    [
        (None, True),
        (Part(0, b"", R | W, type=PT_GNU_STACK), False),
        (Part(0, b"", R | W | X, type=PT_GNU_STACK), True),
        (Part(0, b"", R | W, type=PT_NOTE), True),
    ],
)
def test_the_stack_is_executable_if_a_header_says_so(header: Part | None, executable: bool) -> None:
    parts = (CODE,) if header is None else (CODE, header)
    assert load(elf(*parts)).is_stack_executable is executable


def test_thread_local_variables_are_those_of_pt_tls() -> None:
    variables = Part(0x20000, b"abcd", R, 12, PT_TLS, align=64)
    image = load(elf(CODE, Part(0x20000, b"abcd", R | W), variables))
    assert image.thread_local == ThreadLocal(12, b"abcd", 64)
    zeros = load(elf(CODE, variables._replace(data=b"", align=0))).thread_local
    assert zeros == ThreadLocal(12, b"", 1)
    assert load(elf(CODE, variables._replace(data=b"", memsz=0))).thread_local is None
    assert load(elf(CODE)).thread_local is None


@pytest.mark.parametrize(
    ("size", "align", "offset", "room"),
    [(1, 1, 8, 16), (8, 4, 8, 16), (9, 8, 8, 24), (1, 64, 64, 128), (65, 64, 64, 192)],
)
def test_the_block_has_two_words_and_then_the_variables(size, align, offset, room) -> None:
    own = ThreadLocal(size, b"", align)
    assert (own.offset, own.room) == (offset, room)


def test_entry_keeps_its_thumb_bit() -> None:
    assert load(elf(CODE, entry=0x8003)).entry == 0x8003


def test_zeros_need_no_bytes_in_the_file() -> None:
    image = load(elf(CODE, Part(0x9000, b"", R | W, memsz=0x7000_0000)))
    assert image.segments[1] == Segment(0x9000, 0x7000_0000, b"", READ | WRITE)


def test_what_is_not_loaded_is_not_looked_at() -> None:
    note = Part(0, b"", type=PT_NOTE, offset=0xFFFF0000, filesz=0x10000)
    empty = Part(0xFFFF_FFFF, b"", offset=0xFFFF_FFFF)
    assert len(load(elf(CODE, note, empty)).segments) == 1


def test_segments_may_meet_and_may_reach_the_kernel() -> None:
    image = load(elf(CODE, Part(0x8010, b"x"), Part(0xEFFF_F000, bytes(0x1000), R | W)))
    assert image.segments[2].end == 0xF000_0000


def first_page_program(page: bytes, **fields: int) -> bytes:
    """A program linked at 0x8000 by a linker that begins its first segment with the headers."""
    head = elf(Part(0, b"", offset=0, filesz=0x9000, memsz=0xA000), entry=0x8000, **fields)
    return head + page[len(head) :] + b"\x01" * 0x8000


def test_headers_in_page_0_are_left_out() -> None:
    (segment,) = load(first_page_program(bytes(0x1000))).segments
    assert segment == Segment(0x1000, 0x9000, b"\x01" * 0x8000, READ | EXEC)


def test_code_in_page_0_is_refused_even_behind_headers() -> None:
    assert refusal(first_page_program(bytes(0xF00) + b"code" + bytes(0xFC))) == (
        "a.elf: the segment at 0x0 is in page 0, which is never mapped;"
        " link it higher, as with -Ttext=0x8000"
    )


REFUSALS = [
    ("empty", b"", "is not an ELF file; give a program linked for 32-bit Arm"),
    ("text", b"#!/bin/sh\n", "is not an ELF file; give a program linked for 32-bit Arm"),
    (
        "only the magic",
        b"\x7fELF",
        "is cut short: the ELF header would end at byte 0x18 and the file at 0x4;"
        " copy or link it again",
    ),
    (
        "half a header",
        elf(CODE)[:30],
        "is cut short: the ELF header would end at byte 0x34 and the file at 0x1e;"
        " copy or link it again",
    ),
    (
        "no program headers",
        elf(CODE)[:60],
        "is cut short: the program header table would end at byte 0x54 and the file at 0x3c;"
        " copy or link it again",
    ),
    (
        "half a segment",
        elf(CODE)[:-1],
        "is cut short: the segment at 0x8000 would end at byte 0x64 and the file at 0x63;"
        " copy or link it again",
    ),
    (
        "x86-64",
        elf(CODE, machine=62, elf_class=2),
        "is for x86-64; build it for 32-bit Arm, with arm-none-eabi-gcc",
    ),
    (
        "AArch64",
        elf(CODE, machine=183, elf_class=2),
        "is for AArch64; build it for 32-bit Arm, with arm-none-eabi-gcc",
    ),
    (
        "a machine without a name here",
        elf(CODE, machine=999),
        "is for machine 999; build it for 32-bit Arm, with arm-none-eabi-gcc",
    ),
    (
        "64-bit Arm",
        elf(CODE, elf_class=2),
        "is damaged: it says it is for 32-bit Arm and a 64-bit file; link it again",
    ),
    (
        "no class",
        elf(CODE, elf_class=0),
        "is damaged: its class or byte order is none that there is; link it again",
    ),
    (
        "no byte order",
        elf(CODE, order=3),
        "is damaged: its class or byte order is none that there is; link it again",
    ),
    (
        "big endian",
        elf(CODE, order=2, machine=40 << 8),
        "is big endian; build it without -mbig-endian",
    ),
    (
        "a version to come",
        elf(CODE, version=2),
        "is damaged: its ELF version is 2, and there is only 1; link it again",
    ),
    (
        "an object",
        elf(type=1),
        "is a relocatable object, not yet a program; link it",
    ),
    (
        "position independent",
        elf(CODE, type=3),
        "is position independent; link it with -static -no-pie",
    ),
    (
        "a core dump",
        elf(CODE, type=4),
        "is a core dump, not a program; give the program that it is of",
    ),
    (
        "no type",
        elf(CODE, type=0xFE00),
        "is damaged: its type 0xfe00 is none that there is; link it again",
    ),
    (
        "an interpreter",
        elf(CODE, Part(0x8000, b"/lib/ld.so\0", type=PT_INTERP)),
        "is dynamically linked; link it with -static",
    ),
    (
        "a dynamic section",
        elf(CODE, Part(0x8000, b"", type=PT_DYNAMIC)),
        "is dynamically linked; link it with -static",
    ),
    ("nothing at all", elf(), "has no loadable segments; link it as a program"),
    (
        "nothing to load",
        elf(Part(0x8000, b"note", type=PT_NOTE)),
        "has no loadable segments; link it as a program",
    ),
    (
        "odd program headers",
        elf(CODE, phentsize=56),
        "is damaged: its program headers have 56 bytes, not 32; link it again",
    ),
    (
        "more in the file than in memory",
        elf(CODE._replace(memsz=8)),
        "is damaged: the segment at 0x8000 holds more in the file than in memory; link it again",
    ),
    (
        "the same bytes many times",
        elf(CODE, *(Part(0x10000 * i, b"", offset=0, filesz=0x100) for i in range(1, 9))),
        "is damaged: its segments together hold more than its 0x164 bytes; link it again",
    ),
    (
        "beyond the address space",
        elf(CODE, Part(0xFFFF_FFF0, b"", memsz=0x20)),
        "is damaged: the segment at 0xfffffff0 goes beyond the end of the address space;"
        " link it again",
    ),
    (
        "over the kernel",
        elf(CODE, Part(0xEFFF_F000, b"", memsz=0x1001)),
        "the segment at 0xeffff000 overlaps the kernel, which begins at 0xf0000000; link it lower",
    ),
    (
        "in page 0",
        elf(CODE, Part(0xFFC, b"", memsz=8)),
        "the segment at 0xffc is in page 0, which is never mapped;"
        " link it higher, as with -Ttext=0x8000",
    ),
    (
        "thread-local variables of an odd alignment",
        elf(CODE, Part(0x8000, b"abcd", R, type=PT_TLS, align=12)),
        "is damaged: its thread-local variables at 0x8000 make no sense; link it again",
    ),
    (
        "thread-local variables with more in the file than in memory",
        elf(CODE, Part(0x8000, b"abcd", R, 3, PT_TLS)),
        "is damaged: its thread-local variables at 0x8000 make no sense; link it again",
    ),
    (
        "thread-local variables outside the file",
        elf(CODE, Part(0x8000, b"", R, 0x1000, PT_TLS, filesz=0x1000)),
        "is cut short: its PT_TLS would end at byte 0x1084 and the file at 0x84;"
        " copy or link it again",
    ),
    (
        "very many thread-local variables",
        elf(CODE, Part(0x8000, b"", R, MIB + 1, PT_TLS)),
        "has 0x100001 bytes of thread-local variables, aligned to 0x4;"
        " there may be 0x100000, aligned to 0x1000",
    ),
    (
        "thread-local variables aligned to more than a page",
        elf(CODE, Part(0x8000, b"", R, 4, PT_TLS, align=0x2000)),
        "has 0x4 bytes of thread-local variables, aligned to 0x2000;"
        " there may be 0x100000, aligned to 0x1000",
    ),
    (
        "over itself",
        elf(Part(0x800F), CODE, entry=0x8000),
        "the segment at 0x8000 overlaps the segment at 0x800f; link them apart",
    ),
    (
        "an entry nowhere",
        elf(CODE, entry=0),
        "its entry point 0x0 is outside its executable segments;"
        " define _start or link with --entry",
    ),
    (
        "an entry behind the code",
        elf(CODE, entry=0x8010),
        "its entry point 0x8010 is outside its executable segments;"
        " define _start or link with --entry",
    ),
    (
        "an entry in data",
        elf(CODE, Part(0x9000, b"data", R | W), entry=0x9000),
        "its entry point 0x9000 is outside its executable segments;"
        " define _start or link with --entry",
    ),
    (
        "an Arm entry in the middle of an instruction",
        elf(CODE, entry=0x8002),
        "its entry point 0x8002 is not aligned as Arm code is;"
        " Thumb code needs bit 0 set, by .thumb_func",
    ),
]


@pytest.mark.parametrize(
    ("data", "line"), [pytest.param(data, line, id=name) for name, data, line in REFUSALS]
)
def test_refused(data: bytes, line: str) -> None:
    assert refusal(data) == f"a.elf: {line}"


def test_pages_that_segments_share_are_counted_once() -> None:
    image = load(elf(CODE, Part(0x8800, b"x", memsz=0x800), Part(0xA000, b"", memsz=MIB - 0x1000)))
    check_fits(image, "a.elf", MIB)


def test_more_than_the_ram_is_refused() -> None:
    image = load(elf(CODE, Part(0x9000, b"", memsz=300 * MIB)))
    with pytest.raises(LoadError) as caught:
        check_fits(image, "a.elf", 128 * MIB)
    assert str(caught.value) == (
        "a.elf: needs 301 MiB of RAM and there are 128 MiB; give it more with --ram"
    )


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        (2, "SPARC"), (3, "x86"), (8, "MIPS"), (20, "PowerPC"), (21, "64-bit PowerPC"),
        (22, "S/390"), (62, "x86-64"), (183, "AArch64"), (243, "RISC-V"), (258, "LoongArch"),
        (39, "machine 39"), (41, "machine 41"),
    ],
)  # fmt: skip
def test_another_machine_is_named(machine: int, name: str) -> None:
    assert f"is for {name}; build it" in refusal(elf(CODE, machine=machine))


@pytest.mark.parametrize(
    ("type_", "what"),
    [(1, "relocatable object"), (3, "position independent"), (4, "core dump"), (5, "none that")],
)
def test_another_type_is_named(type_: int, what: str) -> None:
    assert what in refusal(elf(CODE, type=type_))


@pytest.mark.parametrize("length", [0, 3, 4])
def test_a_few_bytes_are_no_program(length: int) -> None:
    what = "is not an ELF file" if length < 4 else "is cut short"
    assert what in refusal(b"\x7fELF"[:length])
