"""The file of a recording: blocks, each with its length and checksum, appended as the run goes on.

The first block says how the program was run, and the next ones are the program and other ELF files.
Then come entries of the log, and a last block that says how the run ended.  Blocks that are whole
are valid, whatever became of the rest.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from emu.environment.requests import Beginning
from emu.recording.log import Ended, Log
from emu.recording.values import MalformedError

MAGIC: Final = b"emu recording 1\n"
"""The last digit is the version of the format."""
_HEAD: Final = struct.Struct("<BII")
"""A block's kind, its length in the file, and the CRC-32 of its kind and of its bytes there."""
_HEADER, _PROGRAM, _ENTRIES, _END = range(1, 5)
_MOST: Final[dict[int, int]] = {
    _HEADER: 1 << 20, _PROGRAM: 1 << 29, _ENTRIES: 1 << 27, _END: 1 << 12,
}  # fmt: skip
"""The most bytes that a block of each kind inflates to."""
_LEVEL: Final = 6


class RecordingError(Exception):
    """A file that is no recording; the text says why."""


class Header(NamedTuple):
    """How the program was run.

    made_by: the version and the fingerprint of the ``emu`` that recorded.
    options: of the run, by name.  beginning: what its outside says at first.
    names: of the program and of further ELF files, in the order of their blocks.
    """

    made_by: tuple[str, str]
    options: dict[str, Any]
    beginning: Beginning
    names: tuple[str, ...]


class Recording(NamedTuple):
    """What a file holds.

    images: the bytes of each ELF file of the header.  log: its ``end`` is None if the file was cut.
    damage: why nothing after its last valid block counts, or "".
    """

    header: Header
    images: tuple[bytes, ...]
    log: Log
    damage: str


class RecordingFile:
    """A recording being written."""

    def __init__(self, path: str, header: Header, images: tuple[bytes, ...]) -> None:
        """Begin it, in the place of any regular file of that name.  Errors: OSError."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        self.lost: OSError | None = None
        """What went wrong when writing; nothing is written after that."""
        self._write(MAGIC)
        self._block(_HEADER, _encoded(header))
        for image in images:
            self._block(_PROGRAM, image)
        if self.lost is not None:
            raise self.lost

    def entries(self, data: bytes) -> None:
        """Append entries of the log."""
        self._block(_ENTRIES, data)

    def end(self, ended: Ended) -> None:
        """Append the end, and close the file."""
        self._block(_END, json.dumps(ended).encode())
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _block(self, kind: int, data: bytes) -> None:
        packed = zlib.compress(data, _LEVEL)
        check = zlib.crc32(packed, zlib.crc32(bytes([kind])))
        self._write(_HEAD.pack(kind, len(packed), check) + packed)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest and self.lost is None:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self.lost = error


def _encoded(header: Header) -> bytes:
    fields = header._asdict() | {"beginning": header.beginning._asdict()}
    return json.dumps(fields, separators=(",", ":")).encode()


def read_recording(path: str) -> Recording:
    """The recording in this file, as far as it is valid.  Errors: OSError, RecordingError."""
    with open(path, "rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise RecordingError(f"{path}: no recording of this version of emu")
        blocks = _Blocks(stream)
        rest = iter(blocks)
        header = _header(path, next(rest, None))
        images = []
        for name in header.names:
            kind, data = next(rest, (0, b""))
            if kind != _PROGRAM:
                raise RecordingError(f"{path}: {name} in it is damaged or missing")
            images.append(data)
        log = Log(header.beginning)
        _read_log(rest, log, blocks)
    return Recording(header, tuple(images), log, blocks.damage)


def _read_log(rest: Iterator[tuple[int, bytes]], log: Log, blocks: _Blocks) -> None:
    for kind, data in rest:
        try:
            if kind == _ENTRIES:
                log.take(data)
                continue
            if kind == _END:
                log.end = _end(data)
                log.requests, log.moment = log.end.requests, log.end.moment
        except (MalformedError, ValueError, TypeError):
            log.end = None
        if log.end is None:
            blocks.damage = f"damaged at byte {blocks.at}"
        return


class _Blocks:
    """The blocks of a file up to the first that is not whole.

    damage: why they end there, or "".  at: the offset of the block read last, in bytes.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.damage = ""
        self.at = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while True:
            self.at = self._stream.tell()
            head = self._stream.read(_HEAD.size)
            if not head:
                self.damage = f"cut off at byte {self.at}"
                return
            found = self._block(head)
            if found is None:
                self.damage = self.damage or f"damaged at byte {self.at}"
                return
            yield found

    def _block(self, head: bytes) -> tuple[int, bytes] | None:
        if len(head) < _HEAD.size:
            self.damage = f"cut off at byte {self.at}"
            return None
        kind, length, check = _HEAD.unpack(head)
        if kind not in _MOST or length > _MOST[kind]:
            return None
        packed = self._stream.read(length)
        if len(packed) < length:
            self.damage = f"cut off at byte {self.at}"
            return None
        if zlib.crc32(packed, zlib.crc32(bytes([kind]))) != check:
            return None
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(packed, _MOST[kind])
        except zlib.error:
            return None
        return (kind, data) if inflater.eof and not inflater.unused_data else None


def _header(path: str, block: tuple[int, bytes] | None) -> Header:
    """Errors: RecordingError."""
    try:
        if block is None or block[0] != _HEADER:
            raise ValueError("no header")
        fields = json.loads(block[1])
        return Header(
            _pair(fields["made_by"]), _object(fields["options"]),
            _beginning(**fields["beginning"]), _strings(fields["names"]),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RecordingError(f"{path}: its header is damaged") from error


def _pair(value: Any) -> tuple[str, str]:
    first, second = _strings(value)
    return first, second


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(value)
    return tuple(value)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _beginning(arguments: Any, terminals: Any, began: Any, counts: Any) -> Beginning:
    stdin, stdout, stderr = terminals
    bits = (stdin, stdout, stderr, counts)
    if not all(isinstance(bit, bool) for bit in bits) or type(began) is not int:
        raise TypeError(bits)
    if not 0 <= began < 1 << 40:
        raise ValueError(began)
    return Beginning(_strings(arguments), (stdin, stdout, stderr), began, counts)


def _end(data: bytes) -> Ended:
    how, status, moment, requests, check = json.loads(data)
    if not isinstance(how, str):
        raise TypeError(how)
    numbers = (status, moment, requests, check)
    if not all(type(number) is int and 0 <= number < 1 << 64 for number in numbers):
        raise TypeError(numbers)
    return Ended(how, status, moment, requests, check)
