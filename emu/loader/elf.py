"""An ELF file to an Image, or one line that says why not.

Only the ELF header, the program headers and the attributes are read, with the layouts below:
what else a file holds may be damaged without harm, and importing a library for 84 bytes
would cost more time than loading a program takes.
Source: System V ABI, "Object Files" and "Program Loading"; ARM IHI 0044 (ELF for Arm).
"""

from __future__ import annotations

import struct
from itertools import pairwise
from operator import attrgetter
from typing import BinaryIO, Final, NamedTuple

from emu.loader.attributes import MOST, Attributes, attributes_of
from kernel_model.abi import KERNEL_VA
from kernel_model.descriptors import EXEC, READ, SMALL_PAGE_SIZE, WRITE
from kernel_model.image import Image, Segment, ThreadLocal

PAGE = SMALL_PAGE_SIZE
MIB = 1 << 20

MAX_THREAD_LOCAL: Final = MIB
"""Bytes of thread-local variables that a program may have: their block is on the stack."""

_MAGIC: Final = b"\x7fELF"
_CLASS_32, _CLASS_64 = 1, 2
_LITTLE_ENDIAN, _BIG_ENDIAN = 1, 2
_TYPE_AT: Final = 16
"""Where every class of ELF file has its type, machine and version."""

_EM_ARM: Final = 40
_MACHINES: Final = {
    2: "SPARC", 3: "x86", 8: "MIPS", 20: "PowerPC", 21: "64-bit PowerPC", 22: "S/390",
    40: "Arm", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch",
}  # fmt: skip

_ET_EXEC, _ET_DYN = 2, 3
_OTHER_TYPES: Final = {
    1: "is a relocatable object, not yet a program; link it",
    3: "is position independent; link it with -static -no-pie",
    4: "is a core dump, not a program; give the program that it is of",
}

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE, _PT_TLS, _PT_GNU_STACK = 1, 2, 3, 4, 7, 0x6474E551
_LINUX_NOTE: Final = struct.pack("<3I4sI", 4, 16, 1, b"GNU\0", 0)
"""The start of a note that marks Linux programs.  Source: Linux Standard Base, "ABI note tag"."""
_LINUX: Final = (
    "is a Linux program; build it with emu cc, or run it with qemu-arm: the kernel here is another"
)
_PF_X: Final = 1
_RIGHTS: Final = ((_PF_X, EXEC), (2, WRITE))


class LoadError(Exception):
    """A file that cannot be run: one line that says what is wrong and what to do."""


class FileHeader(NamedTuple):
    """What follows the identification in a 32-bit ELF header.

    Source: ELF, Elf32_Ehdr, whose fields these are.
    """

    type: int
    machine: int
    version: int
    entry: int
    phoff: int
    shoff: int
    flags: int
    ehsize: int
    phentsize: int
    phnum: int
    shentsize: int
    shnum: int
    shstrndx: int


class ProgramHeader(NamedTuple):
    """A 32-bit program header."""

    type: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    flags: int
    align: int


_FILE_HEADER: Final = struct.Struct("<16x2H5I6H")
_PROGRAM_HEADER: Final = struct.Struct("<8I")
_SECTION_HEADER: Final = struct.Struct("<10I")
_SHT_ARM_ATTRIBUTES: Final = 0x70000003


class _File:
    """A file to read parts of, with its name for messages and its size."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self.size = stream.seek(0, 2)

    def part(self, offset: int, length: int, what: str) -> bytes:
        if offset + length > self.size:
            raise self.refused(
                f"is cut short: {what} would end at byte {offset + length:#x}"
                f" and the file at {self.size:#x}; copy or link it again"
            )
        self._stream.seek(offset)
        return self._stream.read(length)

    def refused(self, why: str) -> LoadError:
        return LoadError(f"{self._name}: {why}")

    def damaged(self, what: str) -> LoadError:
        return self.refused(f"is damaged: {what}; link it again")


def load_elf(stream: BinaryIO, name: str) -> Image:
    """The program in ``stream``, a seekable file that messages call ``name``.

    LoadError: it is not a static 32-bit little-endian Arm executable that fits beside
    the kernel.
    """
    file = _File(stream, name)
    _check_identification(file)
    header = FileHeader(*_FILE_HEADER.unpack(file.part(0, _FILE_HEADER.size, "the ELF header")))
    if header.type == _ET_DYN:  # being for Linux is the better reason
        _check_system(file, _program_headers(file, header))
    _check_type(file, header)
    headers = _program_headers(file, header)
    _check_system(file, headers)
    loads = _loads(file, headers)
    loads = sorted(
        (_without_headers(file, header, load) for load in loads), key=attrgetter("vaddr")
    )
    _check_addresses(file, loads)
    segments = tuple(_segment(file, load) for load in loads)
    _check_entry(file, header.entry, segments)
    attributes = _attributes(file, header)
    if attributes.unfit:
        raise file.refused(
            f"may use {attributes.unfit}, which the machine's Armv7-A processor has not;"
            " build it with -mcpu=cortex-a15 -mfpu=neon-vfpv4"
        )
    thread_local, is_executable = _thread_local(file, headers), _wants_executable_stack(headers)
    return Image(segments, header.entry, is_executable, thread_local, attributes.profile)


def load_headers(stream: BinaryIO, name: str) -> tuple[int, list[ProgramHeader]]:
    """The entry of the program in ``stream``, and the headers of its segments by address.

    The arguments and errors are those of ``load_elf``, which has accepted the program.
    """
    file = _File(stream, name)
    header = FileHeader(*_FILE_HEADER.unpack(file.part(0, _FILE_HEADER.size, "the ELF header")))
    loads = [
        _without_headers(file, header, load)
        for load in _loads(file, _program_headers(file, header))
    ]
    return header.entry, sorted(loads, key=attrgetter("vaddr"))


def check_fits(image: Image, name: str, ram_size: int) -> None:
    """LoadError if the program's pages alone are more than the RAM there is."""
    pages, placed_end = 0, 0
    for segment in image.segments:
        start = max(segment.va // PAGE, placed_end)
        placed_end = -(-segment.end // PAGE)
        pages += placed_end - start
    if pages * PAGE > ram_size:
        raise LoadError(
            f"{name}: needs {-(-pages * PAGE // MIB)} MiB of RAM and there are"
            f" {ram_size // MIB} MiB; give it more with --ram"
        )


def _check_identification(file: _File) -> None:
    """The machine is checked first, because it explains most mistakes best."""
    if file.size < len(_MAGIC) or file.part(0, len(_MAGIC), "the magic") != _MAGIC:
        raise file.refused("is not an ELF file; give a program linked for 32-bit Arm")
    start = file.part(0, _TYPE_AT + 8, "the ELF header")
    elf_class, order = start[4], start[5]
    if elf_class not in (_CLASS_32, _CLASS_64) or order not in (_LITTLE_ENDIAN, _BIG_ENDIAN):
        raise file.damaged("its class or byte order is none that there is")
    big = order == _BIG_ENDIAN
    (machine,) = struct.unpack_from(">H" if big else "<H", start, _TYPE_AT + 2)
    if machine != _EM_ARM:
        other = _MACHINES.get(machine, f"machine {machine}")
        raise file.refused(f"is for {other}; build it for 32-bit Arm, with arm-none-eabi-gcc")
    if elf_class == _CLASS_64:
        raise file.damaged("it says it is for 32-bit Arm and a 64-bit file")
    if big:
        raise file.refused("is big endian; build it without -mbig-endian")


def _check_type(file: _File, header: FileHeader) -> None:
    if header.version != 1:
        raise file.damaged(f"its ELF version is {header.version}, and there is only 1")
    if header.type in _OTHER_TYPES:
        raise file.refused(_OTHER_TYPES[header.type])
    if header.type != _ET_EXEC:
        raise file.damaged(f"its type {header.type:#x} is none that there is")


def _program_headers(file: _File, header: FileHeader) -> list[ProgramHeader]:
    size = _PROGRAM_HEADER.size
    if header.phnum and header.phentsize != size:
        raise file.damaged(f"its program headers have {header.phentsize} bytes, not {size}")
    table = file.part(header.phoff, header.phnum * size, "the program header table")
    return [ProgramHeader(*fields) for fields in _PROGRAM_HEADER.iter_unpack(table)]


def _check_system(file: _File, headers: list[ProgramHeader]) -> None:
    """LoadError if the program is for Linux, static or not."""
    for header in headers:
        if header.type not in (_PT_INTERP, _PT_NOTE) or header.offset + header.filesz > file.size:
            continue
        text = file.part(header.offset, min(header.filesz, 4096), "a note")
        if _LINUX_NOTE in text or (header.type == _PT_INTERP and b"/ld-" in text):
            raise file.refused(_LINUX)


def _loads(file: _File, headers: list[ProgramHeader]) -> list[ProgramHeader]:
    """The headers of what is to be in memory, each sound in itself."""
    if any(header.type in (_PT_DYNAMIC, _PT_INTERP) for header in headers):
        raise file.refused("is dynamically linked; link it with -static")
    loads = [
        header for header in headers if header.type == _PT_LOAD and (header.filesz or header.memsz)
    ]
    if not loads:
        raise file.refused("has no loadable segments; link it as a program")
    for load in loads:
        if load.filesz > load.memsz:
            raise file.damaged(f"{_place(load)} holds more in the file than in memory")
    if sum(load.filesz for load in loads) > file.size:
        raise file.damaged(f"its segments together hold more than its {file.size:#x} bytes")
    return loads


def _wants_executable_stack(headers: list[ProgramHeader]) -> bool:
    """Whether PT_GNU_STACK has the right to execute (``ld -z execstack``), or there is none.

    Without one a program may be as old as those that executed their stacks: as under Linux.
    """
    stacks = [header for header in headers if header.type == _PT_GNU_STACK]
    return not stacks or any(header.flags & _PF_X for header in stacks)


def _attributes(file: _File, header: FileHeader) -> Attributes:
    """What the section of attributes says, if there is one that can be read."""
    size, end = _SECTION_HEADER.size, header.shoff + header.shnum * header.shentsize
    if not header.shoff or header.shentsize != size or end > file.size:
        return Attributes()
    table = file.part(header.shoff, header.shnum * size, "the section headers")
    for _, kind, _, _, offset, length, *_ in _SECTION_HEADER.iter_unpack(table):
        if kind == _SHT_ARM_ATTRIBUTES and length <= MOST and offset + length <= file.size:
            return attributes_of(file.part(offset, length, "the attributes"))
    return Attributes()


def _thread_local(file: _File, headers: list[ProgramHeader]) -> ThreadLocal | None:
    """The thread-local variables of PT_TLS, of which there is at most one."""
    found = next((one for one in headers if one.type == _PT_TLS and one.memsz), None)
    if found is None:
        return None
    align = max(found.align, 1)
    if found.filesz > found.memsz or align & align - 1:
        raise file.damaged(f"its thread-local variables at {found.vaddr:#x} make no sense")
    if found.memsz > MAX_THREAD_LOCAL or align > PAGE:
        raise file.refused(
            f"has {found.memsz:#x} bytes of thread-local variables, aligned to {align:#x};"
            f" there may be {MAX_THREAD_LOCAL:#x}, aligned to {PAGE:#x}"
        )
    return ThreadLocal(found.memsz, file.part(found.offset, found.filesz, "its PT_TLS"), align)


def _without_headers(file: _File, header: FileHeader, load: ProgramHeader) -> ProgramHeader:
    """A segment without page 0, if that holds only the file's own headers and zeros.

    A linker told of 64 KiB pages begins the first segment with the start of the ELF
    file, from address 0 on where the program itself is linked at 0x8000.
    """
    if load.offset or load.vaddr or load.filesz <= PAGE:
        return load
    headers_end = header.phoff + header.phnum * header.phentsize
    if any(file.part(0, PAGE, _place(load))[headers_end:]):
        return load
    return load._replace(
        offset=PAGE, vaddr=PAGE, filesz=load.filesz - PAGE, memsz=load.memsz - PAGE
    )


def _check_addresses(file: _File, loads: list[ProgramHeader]) -> None:
    for load in loads:
        if load.vaddr + load.memsz > 1 << 32:
            raise file.damaged(f"{_place(load)} goes beyond the end of the address space")
        if load.vaddr + load.memsz > KERNEL_VA:
            raise file.refused(
                f"{_place(load)} overlaps the kernel, which begins at {KERNEL_VA:#x}; link it lower"
            )
        if load.vaddr < PAGE:
            raise file.refused(
                f"{_place(load)} is in page 0, which is never mapped;"
                " link it higher, as with -Ttext=0x8000"
            )
    for lower, upper in pairwise(loads):
        if lower.vaddr + lower.memsz > upper.vaddr:
            raise file.refused(f"{_place(lower)} overlaps {_place(upper)}; link them apart")


def _segment(file: _File, load: ProgramHeader) -> Segment:
    """READ is always among the rights: a descriptor grants no other without it (B3.7.1)."""
    data = file.part(load.offset, load.filesz, _place(load))
    rights = READ | sum(right for bit, right in _RIGHTS if load.flags & bit)
    return Segment(load.vaddr, load.memsz, data, rights)


def _check_entry(file: _File, entry: int, segments: tuple[Segment, ...]) -> None:
    """Bit 0 of the entry chooses Thumb and is no part of the address."""
    pc = entry & ~1
    if not any(part.va <= pc < part.end and part.rights & EXEC for part in segments):
        raise file.refused(
            f"its entry point {entry:#x} is outside its executable segments;"
            " define _start or link with --entry"
        )
    if not entry & 1 and entry % 4:
        raise file.refused(
            f"its entry point {entry:#x} is not aligned as Arm code is;"
            " Thumb code needs bit 0 set, by .thumb_func"
        )


def _place(load: ProgramHeader) -> str:
    return f"the segment at {load.vaddr:#x}"
