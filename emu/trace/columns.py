"""Many loads and stores at once, from ``emu/native/accesses.c``: a column for each field.

Most of the time of such a trace goes into making text, half a microsecond a line: so hexadecimal
digits are made for a whole column at a time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

from emu.trace.events import AccessEvent


class Columns(NamedTuple):
    """what: the PC, and from bit 32 on the kind.  The others: fields of ``AccessEvent``."""

    time: array[int]
    what: array[int]
    value: array[int]
    va: array[int]
    pa: array[int]

    def chosen(self, wants: Callable[[int, int, int], bool]) -> Columns:
        """The accesses for which ``wants(pc, va, size)`` is true."""
        kept = [
            wants(what & 0xFFFFFFFF, va, _size(what >> 32))
            for what, va in zip(self.what, self.va, strict=True)
        ]
        return Columns(
            *(
                array(column.typecode, [item for item, keep in zip(column, kept) if keep])  # noqa: B905 - as long
                for column in self
            )
        )

    def events(self, pid: int) -> list[AccessEvent]:
        return [
            AccessEvent(
                time,
                pid,
                what & 0xFFFFFFFF,
                _is_write(what >> 32),
                va,
                pa,
                _size(what >> 32),
                value,
            )
            for time, what, value, va, pa in zip(*self, strict=True)
        ]

    def text(self, pid: int) -> str:
        """A line for each access, as ``TextFormat.event`` makes it."""
        heads = _Heads(pid)
        va, pa, value = _digits(self.va), _digits(self.pa), _digits(self.value)
        places = range(0, 8 * len(self.va), 8)
        return "".join(
            [
                f"{head}{va[at : at + 8]} pa 0x{pa[at : at + 8]}"
                f" = 0x{value[2 * at + skipped : 2 * at + 16]}\n"
                for at, (head, skipped) in zip(places, map(heads.__getitem__, self.what))  # noqa: B905
            ]
        )

    def json(self, pid: int) -> str:
        """A line for each access, as ``JsonLinesFormat.event`` makes it."""
        middles = _Middles(pid)
        rows = zip(self.time, map(middles.__getitem__, self.what), self.va, self.pa, self.value)  # noqa: B905
        return "".join(
            [
                f'{{"kind":"mem","time":{time}{middle}"va":{va},"pa":{pa}{size}{value}}}\n'
                for time, (middle, size), va, pa, value in rows
            ]
        )


def columns(time: bytes, what: bytes, value: bytes, va: bytes, pa: bytes) -> Columns:
    """The columns in the bytes that ``PlainAccesses.take`` returns."""
    wide = [array("Q", column) for column in (time, what, value)]
    narrow = [array("I", column) for column in (va, pa)]
    return Columns(*wide, *narrow)


class _Heads(dict[int, tuple[str, int]]):
    """The text before the digits of va in an access's line, by its element of ``what``.

    With it, how many of 16 hexadecimal digits its value does not have.
    """

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def __missing__(self, what: int) -> tuple[str, int]:
        kind = what >> 32
        name = "write" if _is_write(kind) else "read"
        head = f"[{self._pid}] {what & 0xFFFFFFFF:08x} {name} {_size(kind)} va 0x"
        self[what] = head, 16 - 2 * _size(kind)
        return self[what]


class _Middles(dict[int, tuple[str, str]]):
    """The members of an access's object before ``va`` and behind ``pa``, by its ``what``."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def __missing__(self, what: int) -> tuple[str, str]:
        kind, is_write = what >> 32, "true" if _is_write(what >> 32) else "false"
        middle = f',"pid":{self._pid},"pc":{what & 0xFFFFFFFF},"is_write":{is_write},'
        self[what] = middle, f',"size":{_size(kind)},"value":'
        return self[what]


def _size(kind: int) -> int:
    return kind & 0xFF


def _is_write(kind: int) -> bool:
    return kind >> 8 != 0


def _digits(column: array[int]) -> str:
    """Each number with all its hexadecimal digits."""
    swapped = array(column.typecode, column)
    swapped.byteswap()
    return swapped.tobytes().hex()
