"""The sections of an ELF file that hold DWARF, as bytes; compressed ones within a limit.

Source: DWARF 5, 7.3 (sections), 7.3.2 (split objects, whose sections end in ``.dwo``).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from typing import Any, Final

MOST_INFLATED: Final = 256 << 20
"""Bytes that a file's compressed sections may have together when they are read."""

_COMPRESSED: Final = 0x800
_CHUNK: Final = 1 << 20
_HEADER: Final = 12
"""Bytes before the compressed data.

Source: ELF, Elf32_Chdr.  Sections named ``.zdebug`` have ``ZLIB`` and the size in eight bytes.
"""


@dataclass(frozen=True)
class Sections:
    """What ``.debug_`` and the attribute's name hold; b"" where there is no such section."""

    info: bytes = b""
    abbrev: bytes = b""
    str: bytes = b""
    str_offsets: bytes = b""
    addr: bytes = b""
    ranges: bytes = b""
    rnglists: bytes = b""
    line: bytes = b""
    line_str: bytes = b""


def sections_of(elf: Any, suffix: str = "") -> Sections:
    """elf: of pyelftools, whose sections do not inflate too much.  suffix: what names end in."""
    found = {section.name: section for section in elf.iter_sections()}
    names = [field.name for field in fields(Sections)]
    return Sections(**{name: _contents(found, f"{name}{suffix}") for name in names})


def _contents(found: dict[str, Any], name: str) -> bytes:
    if f".zdebug_{name}" in found:
        return zlib.decompressobj().decompress(_raw(found[f".zdebug_{name}"])[_HEADER:])
    section = found.get(f".debug_{name}")
    if section is None or section["sh_type"] == "SHT_NOBITS":
        return b""
    data: bytes = section.data()
    return data


def inflate_too_much(elf: Any) -> bool:
    """Whether compressed sections are larger than they may be; what they say is not trusted."""
    left = MOST_INFLATED
    for section in elf.iter_sections():
        if section["sh_flags"] & _COMPRESSED or section.name.startswith(".zdebug_"):
            left -= _inflated(_raw(section)[_HEADER:], left)
    return left < 0


def _inflated(rest: bytes, most: int) -> int:
    """The size of compressed data; more than ``most`` if it is larger than that."""
    inflater, size = zlib.decompressobj(), 0
    while rest and size <= most:
        piece = inflater.decompress(rest, _CHUNK)
        size, rest = size + len(piece), inflater.unconsumed_tail
        if not piece:
            break
    return size


def _raw(section: Any) -> bytes:
    section.stream.seek(section["sh_offset"])
    raw: bytes = section.stream.read(section["sh_size"])
    return raw
