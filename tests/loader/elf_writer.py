"""ELF files made field by field, right unless told otherwise."""

from __future__ import annotations

import struct
from typing import NamedTuple

FILE_HEADER = struct.Struct("<4s5B7x2H5I6H")
FILE_FIELDS = (
    "magic", "elf_class", "order", "ident_version", "osabi", "abiversion",
    "type", "machine", "version", "entry", "phoff", "shoff", "flags",
    "ehsize", "phentsize", "phnum", "shentsize", "shnum", "shstrndx",
)  # fmt: skip
PROGRAM_HEADER = struct.Struct("<8I")

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS, PT_GNU_STACK = 1, 2, 3, 4, 7, 0x6474E551
X, W, R = 1, 2, 4


class Part(NamedTuple):
    """A program header to be and its bytes; None: work the field out."""

    vaddr: int
    data: bytes = b"\x00\x00\xa0\xe3" * 4
    flags: int = R | X
    memsz: int | None = None
    type: int = PT_LOAD
    offset: int | None = None
    filesz: int | None = None
    align: int = 4


def elf(*parts: Part, **fields: int | bytes) -> bytes:
    """A program of these parts; ``fields`` overrides those of its ELF header."""
    headers_end = FILE_HEADER.size + len(parts) * PROGRAM_HEADER.size
    values: dict[str, int | bytes] = {
        "magic": b"\x7fELF", "elf_class": 1, "order": 1, "ident_version": 1, "osabi": 0,
        "abiversion": 0, "type": 2, "machine": 40, "version": 1,
        "entry": parts[0].vaddr if parts else 0, "phoff": FILE_HEADER.size, "shoff": 0,
        "flags": 0x5000200, "ehsize": 52, "phentsize": 32, "phnum": len(parts),
        "shentsize": 40, "shnum": 0, "shstrndx": 0,
    }  # fmt: skip
    values |= fields
    headers, content = b"", b""
    for part in parts:
        offset = headers_end + len(content) if part.offset is None else part.offset
        filesz = len(part.data) if part.filesz is None else part.filesz
        memsz = filesz if part.memsz is None else part.memsz
        headers += PROGRAM_HEADER.pack(
            part.type, offset, part.vaddr, part.vaddr, filesz, memsz, part.flags, part.align
        )
        content += part.data
    return FILE_HEADER.pack(*(values[name] for name in FILE_FIELDS)) + headers + content
