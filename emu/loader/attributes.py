"""What a program says of the processor that it is built for: the section .ARM.attributes.

The rest of a file may be damaged without harm to the program, and so may this: then nothing is
known.
Source: ARM IHI 0045, "Addenda to the ABI", 3.2 to 3.3.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

MOST: Final = 1 << 16
"""Bytes of attributes that are read: compilers write less than 100."""

_ARCHITECTURE, _PROFILE, _FLOATING_POINT, _VECTORS = 6, 7, 10, 12
_FILE: Final = 1
_VENDOR: Final = b"aeabi"
_STRINGS: Final = (4, 5)
"""Tags below 32 whose value is a string; above 32 it is that of those with odd numbers."""
_COMPATIBILITY: Final = 32
"""The tag whose value is a number and a string."""

_PROFILES: Final = {ord(profile): profile for profile in "ARMS"}
_OF_M: Final = {16: "Armv8-M Baseline", 17: "Armv8-M Mainline", 21: "Armv8.1-M Mainline"}
_FLOATING_POINT_V8: Final = (7, 8)
_VECTORS_V8: Final = (3, 4)


class Attributes(NamedTuple):
    """profile: A, R, M, S (any), or "" if the file does not say.

    unfit: what the program may use that an Armv7-A processor has not, or "".
    """

    profile: str = ""
    unfit: str = ""


def attributes_of(section: bytes) -> Attributes:
    """The attributes in the section's content."""
    try:
        found = dict(_file_attributes(section))
    except (IndexError, struct.error, ValueError):
        return Attributes()
    return Attributes(_PROFILES.get(found.get(_PROFILE, 0), ""), _unfit(found))


def _unfit(found: dict[int, int]) -> str:
    architecture = found.get(_ARCHITECTURE, 0)
    if architecture in _OF_M:
        return f"the instructions of {_OF_M[architecture]}"
    if found.get(_FLOATING_POINT) in _FLOATING_POINT_V8:
        return "the floating point of Armv8 (FPv5)"
    if found.get(_VECTORS) in _VECTORS_V8:
        return "the vector instructions of Armv8"
    return ""


def _file_attributes(section: bytes) -> Iterator[tuple[int, int]]:
    """The tags and numbers of what is said of the file as a whole."""
    if section[0:1] != b"A":
        return
    at = 1
    while at < len(section):
        (size,) = struct.unpack_from("<I", section, at)
        vendor, _, content = section[at + 4 : at + size].partition(b"\0")
        if vendor == _VENDOR:
            yield from _of_vendor(content)
        if size < 4:
            return
        at += size


def _of_vendor(content: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(content):
        (size,) = struct.unpack_from("<I", content, at + 1)
        if content[at] == _FILE:
            yield from _pairs(content[at + 5 : at + size])
        if size < 5:
            return
        at += size


def _pairs(content: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(content):
        tag, at = _uleb(content, at)
        if tag in _STRINGS or (tag > _COMPATIBILITY and tag % 2):
            at = content.index(b"\0", at) + 1
            continue
        value, at = _uleb(content, at)
        if tag == _COMPATIBILITY:
            at = content.index(b"\0", at) + 1
        yield tag, value


def _uleb(content: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the low ones first; and where it ends."""
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
