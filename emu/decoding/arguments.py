"""Arguments of the kernel's calls as people read them: names instead of numbers, bytes as text."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import NamedTuple

from kernel_model import abi
from kernel_model.call import Argument
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.process import Death, Process
from kernel_model.user import read

SHOWN_BYTES = 32
"""How much of a buffer a line of text shows."""

KEPT_BYTES = 256
"""How much of a buffer an event keeps."""

_ESCAPES = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5C: "\\\\", 0: "\\0"}


class Value(NamedTuple):
    """An argument of a call: its number, how people read it, and the bytes it points to.

    is_plain: the text is a name that says by itself what it is.
    """

    name: str
    value: int
    text: str
    data: bytes | None = None
    is_plain: bool = False


def error_text(error: abi.Error | None) -> tuple[str, str]:
    """An error's name as C programs write it, and its meaning; ("", "") for no error."""
    if error is None:
        return "", ""
    return f"E_{error.name}", abi.ERROR_MEANING[error]


def quoted(data: bytes, whole: int | None = None) -> str:
    """Bytes as a C string, at most SHOWN_BYTES of them; whole: how many there are in all."""
    text = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
        for byte in data[:SHOWN_BYTES]
    )
    more = (len(data) if whole is None else whole) > SHOWN_BYTES
    return f'"{text}"' + ("..." if more else "")


def message_text(data: bytes) -> str:
    """A message: as text if it looks like it, or else its words without the zeros at the end."""
    text = data.rstrip(b"\0")
    if len(text) > 1 and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in text):
        return quoted(text)
    words = struct.unpack(f"<{len(data) // 4}I", data)
    while len(words) > 1 and not words[-1]:
        words = words[:-1]
    return "{" + ", ".join(f"{word:#x}" for word in words) + "}"


def flags_text(flags: int) -> str:
    """Map flags by the names that C programs give them."""
    names = [name for bit, name in _RIGHTS if flags & bit]
    names.append(member_name("F_MAP_", abi.MapKind, flags & abi.MAP_KIND_MASK))
    if flags & abi.MAP_NOEXEC:
        names.append("F_MAP_NOEXEC")
    rest = flags & ~abi.MAP_ALL
    return "|".join(names + ([f"{rest:#x}"] if rest else []))


_RIGHTS = ((abi.MAP_READ, "F_MAP_READ"), (abi.MAP_WRITE, "F_MAP_WRITE"))


def table_flags_text(flags: int) -> str:
    """``t_flags``: the kind of table, and whether it is installed somewhere."""
    kind = member_name("F_TABLE_", abi.TableType, flags & ~abi.TABLE_MAPPED)
    return f"{kind}|F_TABLE_MAPPED" if flags & abi.TABLE_MAPPED else kind


def member_name(prefix: str, members: type[IntEnum], value: int) -> str:
    """The C name of an enumeration's member, or the number."""
    known = members._value2member_map_.get(value)
    return f"{value:#x}" if known is None else f"{prefix}{members(value).name}"


def frame_text(data: bytes) -> str:
    """``struct frame``, without the view or the place it does not have."""
    fields = dict(zip(abi.FRAME_FIELDS, struct.unpack(abi.FRAME_STRUCT, data), strict=True))
    parts = [
        f"f_id={fields['f_id']}",
        member_name("FRAME_", abi.FrameType, fields["type"]),
        f"pa={fields['pa']:#010x}",
        f"len={fields['len']:#x}",
    ]
    if fields["t_flags"]:
        parts.append(table_flags_text(fields["t_flags"]))
    if fields["t_id"] != abi.NO_ID:
        parts += [f"t_id={fields['t_id']}", f"t_va={fields['t_va']:#010x}"]
    if fields["v_id"] != abi.NO_ID:
        parts += [f"v_id={fields['v_id']}", f"v_va={fields['v_va']:#010x}"]
        parts.append(flags_text(fields["v_flags"]))
    return "{" + ", ".join(parts) + "}"


def death_text(death: Death) -> str:
    """Which child has ended, and how."""
    if death.how is abi.DeathHow.EXITED:
        return f"process {death.pid} exited with {death.status}"
    kind = abi.FaultKind(death.status).name.lower().replace("_", " ")
    return f"process {death.pid} faulted: {kind}"


def length_text(value: int) -> str:
    """A length: sizes of memory in hexadecimal, of text in decimal."""
    return f"{value:#x}" if value >= 0x1000 and value % 0x1000 == 0 else str(value)


_PLAIN: dict[str, Callable[[int], str]] = {
    "f_id": str,
    "pid": str,
    "index": str,
    "count": str,
    "status": str,
    "offset": "{:#x}".format,
    "length": length_text,
    "va": "{:#010x}".format,
    "pa": "{:#010x}".format,
}

_NAMED: dict[str, Callable[[int], str]] = {
    "map_flags": flags_text,
    "map_kind": lambda value: member_name("F_MAP_", abi.MapKind, value),
    "table_type": lambda value: member_name("F_TABLE_", abi.TableType, value),
    "frame_type": lambda value: member_name("FRAME_", abi.FrameType, value),
}

FRAME_SIZE = struct.calcsize(abi.FRAME_STRUCT)

# The kinds of pointers whose bytes are shown: before the call, and after it.
POINTERS_IN = ("message_in", "message_inout", "bytes_in")
POINTERS_OUT = ("message_out", "message_inout", "bytes_out", "frame_out")


class Decoder:
    """Decodes the arguments of one process, and reads its memory with that process's rights."""

    def __init__(self, kernel: Kernel, process: Process) -> None:
        self.kernel, self.process = kernel, process

    def values(self, arguments: Iterable[Argument], words: Iterable[int]) -> tuple[Value, ...]:
        """The arguments before the call: what it will store is not there yet."""
        pairs = [
            (argument, argument.from_register(word))
            for argument, word in zip(arguments, words, strict=False)
        ]
        length = next((word for argument, word in pairs if argument.what == "length"), 0)
        return tuple(self._value(argument, word, length) for argument, word in pairs)

    def filled(
        self, arguments: Iterable[Argument], values: tuple[Value, ...], result: int
    ) -> tuple[Value, ...]:
        """The arguments after a successful call: with what it stored."""
        return tuple(
            self._pointer(argument, value.value, result) if argument.what in POINTERS_OUT else value
            for argument, value in zip(arguments, values, strict=True)
        )

    def stored(
        self, arguments: Iterable[Argument], values: tuple[Value, ...], result: int
    ) -> tuple[Value, ...]:
        """Only what a successful call stored."""
        return tuple(
            self._pointer(argument, value.value, result)
            for argument, value in zip(arguments, values, strict=True)
            if argument.what in POINTERS_OUT
        )

    def _value(self, argument: Argument, word: int, length: int) -> Value:
        name, what = argument.name, argument.what
        if what in POINTERS_IN:
            return self._pointer(argument, word, length)
        if what in POINTERS_OUT:
            return Value(name, word, f"{word:#010x}")
        if what in _NAMED:
            return Value(name, word, _NAMED[what](word), is_plain=True)
        return Value(name, word, _PLAIN[what](word))

    def _pointer(self, argument: Argument, va: int, length: int) -> Value:
        """length: of the bytes there, where the kind of pointer does not say it."""
        what = argument.what
        size = {"bytes": length, "message": abi.MESSAGE_SIZE, "frame": FRAME_SIZE}
        whole = size[what.partition("_")[0]]
        data = self.read(va, min(whole, KEPT_BYTES))
        text = f"{va:#010x}"
        if data is None:
            return Value(argument.name, va, text)
        return Value(argument.name, va, f"{text} {_shown(what, data, whole)}", data)

    def read(self, va: int, length: int) -> bytes | None:
        """Bytes of the process, or None if it could not read them itself."""
        try:
            return read(self.kernel, self.process, va, length)
        except Refused:
            return None


def _shown(what: str, data: bytes, whole: int) -> str:
    if what.startswith("frame"):
        return frame_text(data)
    return message_text(data) if what.startswith("message") else quoted(data, whole)
