"""A guest of nothing but memory, whose calls tests make: what semihosting sees of a program."""

from __future__ import annotations

import errno
import struct
from enum import IntEnum

from emu.environment.outside import Outside
from emu.environment.world import World
from emu.semihosting import BadPointer, HeapInfo, Semihosting
from emu.semihosting.operations import OPERATIONS

Operation = IntEnum(
    "Operation", {row.name.removeprefix("SYS_"): row.number for row in OPERATIONS.values()}
)
"""The operations by name."""

BASE = 0x10000
SIZE = 0x4000
READ_ONLY = 0x13000
"""From here on the guest may only read."""
BLOCK = 0x10000
BUFFER = 0x11000
NOWHERE = 0xDEAD0000
HEAP = HeapInfo(0x20000, 0x80000, 0x100000, 0xF0000)
FAILED = -1


class Memory:
    """[BASE, BASE + SIZE), whose last page is read only."""

    def __init__(self) -> None:
        self.data = bytearray(SIZE)

    def charge(self, length: int) -> None:
        pass

    def bytes_at(self, va: int, length: int) -> bytes | None:
        inside = BASE <= va <= va + length <= BASE + SIZE
        return bytes(self.data[va - BASE : va - BASE + length]) if inside else None

    def read(self, va: int, length: int) -> bytes:
        self._check(va, length, BASE + SIZE)
        return bytes(self.data[va - BASE : va - BASE + length])

    def write(self, va: int, data: bytes) -> None:
        self._check(va, len(data), READ_ONLY)
        self.data[va - BASE : va - BASE + len(data)] = data

    def page_place(self, va: int, length: int) -> int:
        return -1

    def place(self, va: int, length: int) -> int:
        self._check(va, length, READ_ONLY)
        return va

    def store(self, place: int, data: bytes) -> None:
        self.write(place, data)

    def _check(self, va: int, length: int, end: int) -> None:
        if not BASE <= va <= va + length <= end:
            raise BadPointer


class Guest:
    """A process that can end, its memory, and its semihosting."""

    def __init__(self, world: World) -> None:
        self.world, self.memory = world, Memory()
        self.status: int | None = None
        self.mapped_heap: tuple[int, int] | None = None
        self.notes: list[str] = []
        self.semihosting = Semihosting(self.memory, Outside(world), self, self.notes.append)

    def exit(self, status: int) -> None:
        self.status = status

    def heap(self) -> HeapInfo:
        return HEAP

    def call(self, op: Operation, *words: int) -> int:
        """Make a call whose parameter block holds these words."""
        self.memory.write(BLOCK, struct.pack(f"<{len(words)}I", *words))
        return self.semihosting.call(op, BLOCK)

    def words(self, va: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self.memory.read(va, 4 * count))

    def put(self, data: bytes, va: int = BUFFER) -> tuple[int, int]:
        """Store a string and say where and how long it is."""
        self.memory.write(va, data + b"\0")
        return va, len(data)

    def open(self, path: bytes, mode: int) -> int:
        va, length = self.put(path)
        return self.call(Operation.OPEN, va, mode, length)

    def write(self, handle: int, data: bytes) -> int:
        return self.call(Operation.WRITE, handle, *self.put(data))

    def read(self, handle: int, length: int) -> bytes:
        missing = self.call(Operation.READ, handle, BUFFER, length)
        assert 0 <= missing <= length
        return self.memory.read(BUFFER, length - missing)

    def error(self) -> str:
        return errno.errorcode[self.semihosting.call(Operation.ERRNO, 0)]
