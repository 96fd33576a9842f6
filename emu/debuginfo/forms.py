"""How attributes are encoded: the size and the value of each form.

Source: DWARF 5, 7.5.6 (form encodings), 7.6 (variable length data); GNU's forms of split objects
before DWARF 5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emu.debuginfo.malformed import NotUnderstoodError

ADDR, BLOCK2, BLOCK4, DATA2, DATA4, DATA8, STRING, BLOCK = 0x01, *range(0x03, 0x0A)
BLOCK1, DATA1, FLAG, SDATA, STRP, UDATA, REF_ADDR = range(0x0A, 0x11)
REF1, REF2, REF4, REF8, REF_UDATA, INDIRECT, SEC_OFFSET = range(0x11, 0x18)
EXPRLOC, FLAG_PRESENT, STRX, ADDRX, REF_SUP4, STRP_SUP, DATA16 = range(0x18, 0x1F)
LINE_STRP, REF_SIG8, IMPLICIT_CONST, LOCLISTX, RNGLISTX, REF_SUP8 = range(0x1F, 0x25)
STRX1, STRX2, STRX3, STRX4, ADDRX1, ADDRX2, ADDRX3, ADDRX4 = range(0x25, 0x2D)
GNU_ADDR_INDEX, GNU_STR_INDEX, GNU_REF_ALT, GNU_STRP_ALT = 0x1F01, 0x1F02, 0x1F20, 0x1F21

INDEXED_STRINGS: Final = frozenset((STRX, STRX1, STRX2, STRX3, STRX4, GNU_STR_INDEX))
INDEXED_ADDRESSES: Final = frozenset((ADDRX, ADDRX1, ADDRX2, ADDRX3, ADDRX4, GNU_ADDR_INDEX))
LOCAL_REFERENCES: Final = frozenset((REF1, REF2, REF4, REF8, REF_UDATA))
"""Those that count from the start of their unit."""

Value = int | bytes


_FIXED: Final = {
    FLAG_PRESENT: 0, IMPLICIT_CONST: 0, DATA1: 1, FLAG: 1, REF1: 1, STRX1: 1, ADDRX1: 1,
    DATA2: 2, REF2: 2, STRX2: 2, ADDRX2: 2, STRX3: 3, ADDRX3: 3,
    DATA4: 4, REF4: 4, REF_SUP4: 4, STRX4: 4, ADDRX4: 4,
    DATA8: 8, REF8: 8, REF_SUP8: 8, REF_SIG8: 8, DATA16: 16,
}  # fmt: skip
_OFFSETS: Final = frozenset((STRP, LINE_STRP, SEC_OFFSET, STRP_SUP, GNU_REF_ALT, GNU_STRP_ALT))


class Sizes:
    """The sizes of one kind of unit, in bytes.

    offset: of an offset into a section, 8 in 64-bit DWARF.
    """

    def __init__(self, version: int, address: int, offset: int) -> None:
        self.version, self.address, self.offset = version, address, offset
        self.fixed = {
            **_FIXED, **dict.fromkeys(_OFFSETS, offset), ADDR: address,
            REF_ADDR: address if version == 2 else offset,
        }  # fmt: skip
        """By form; variable forms are in ``VARIABLE``."""


_LONGEST: Final = 70
"""Bits of a number that are read: no writer of DWARF has more than 64."""


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A ULEB128 number, and where it ends."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = shift = 0
    while byte >= 0x80 and shift < _LONGEST:
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        byte = data[at]
    return value | byte << shift, at + 1


def signed(data: bytes, at: int) -> tuple[int, int]:
    """An SLEB128 number, and where it ends."""
    value, end = unsigned(data, at)
    bits = 7 * (end - at)
    return value - (value >> (bits - 1) << bits), end


def number(data: bytes, at: int, size: int) -> int:
    """``size`` bytes of a section, little-endian.  Errors: IndexError beyond its end."""
    if at < 0 or at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + size], "little")


def text(data: bytes, at: int) -> bytes:
    """The string at an offset, up to its zero.  Errors: ValueError where there is none."""
    return data[at : data.index(0, at)]


def _string(data: bytes, at: int) -> tuple[Value, int]:
    found = text(data, at)
    return found, at + len(found) + 1


def _block(length: int) -> Callable[[bytes, int], tuple[Value, int]]:
    """A block after its length in so many bytes, or as a ULEB128 number for 0."""

    def read(data: bytes, at: int) -> tuple[Value, int]:
        if length:
            size, at = number(data, at, length), at + length
        else:
            size, at = unsigned(data, at)
        return data[at : at + size], at + size

    return read


VARIABLE: Final[dict[int, Callable[[bytes, int], tuple[Value, int]]]] = {
    STRING: _string, SDATA: signed,
    BLOCK: _block(0), EXPRLOC: _block(0), BLOCK1: _block(1), BLOCK2: _block(2), BLOCK4: _block(4),
    **dict.fromkeys(
        (UDATA, REF_UDATA, STRX, ADDRX, LOCLISTX, RNGLISTX, GNU_ADDR_INDEX, GNU_STR_INDEX),
        unsigned,
    ),
}  # fmt: skip
"""Value and end of the forms that have no fixed size."""


def value_of(form: int, data: bytes, at: int, sizes: Sizes) -> tuple[int, Value, int]:
    """Form, value and end; the form is another one where it is told in the data itself."""
    while form == INDIRECT:
        form, at = unsigned(data, at)
    size = sizes.fixed.get(form)
    if form == FLAG_PRESENT:
        return form, 1, at
    if size is not None:
        return form, number(data, at, size), at + size
    read = VARIABLE.get(form)
    if read is None:
        raise NotUnderstoodError(f"form {form:#x}")
    value, end = read(data, at)
    return form, value, end
