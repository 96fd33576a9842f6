"""Recordings that were cut, damaged or made up: one line, and no step beyond what is valid."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emu.recording import file as format_
from emu.recording.file import MAGIC, RecordingError, read_recording
from tests.guests import guest
from tests.recording.rig import recorded, replayed

LINES = b"one\ntwo\nthree\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("recording") / "run.rec"
    run = recorded(guest("programs/echo"), file, stdin=LINES)
    assert run.returncode == 0
    return file.read_bytes()


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """Each block's kind and contents."""
    found, at = [], len(MAGIC)
    while at < len(data):
        kind, length, _ = format_._HEAD.unpack_from(data, at)
        at += format_._HEAD.size
        found.append((kind, zlib.decompress(data[at : at + length])))
        at += length
    return found


def made_of(parts: list[tuple[int, bytes]]) -> bytes:
    out = bytearray(MAGIC)
    for kind, contents in parts:
        packed = zlib.compress(contents)
        check = zlib.crc32(packed, zlib.crc32(bytes([kind])))
        out += format_._HEAD.pack(kind, len(packed), check) + packed
    return bytes(out)


def assert_refused(file: Path, data: bytes, text: str = "") -> bytes:
    """One line, status 2; returns what was written before."""
    file.write_bytes(data)
    run = replayed(file, cwd=file.parent)
    assert run.returncode == 2, run
    assert run.stderr.count(b"\n") == 1, run.stderr
    assert run.stderr.startswith(b"emu: ")
    assert text in run.stderr.decode(errors="replace")
    return run.stdout


def test_one_that_is_cut_is_run_as_far_as_it_goes(whole: bytes, tmp_path: Path) -> None:
    """At the ends of blocks and in them."""
    file = tmp_path / "run.rec"
    file.write_bytes(whole)
    complete = replayed(file).stdout
    assert complete
    end = len(whole)
    for kept in (end - 1, end - 12, end - 30, end - 60, end // 2, 40, 16, 15, 0):
        shown = assert_refused(file, whole[:kept])
        assert complete.startswith(shown)


def test_no_output_follows_from_answers_that_are_not_there(whole: bytes, tmp_path: Path) -> None:
    """Without the input the program cannot echo it."""
    kept = [block for block in blocks(whole) if block[0] in (1, 2)]
    shown = assert_refused(tmp_path / "run.rec", made_of(kept), "cut off at byte")
    assert b"two" not in shown


def _mutated(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        kind = chance.randrange(4)
        at = chance.randrange(len(damaged))
        if kind == 0:
            damaged[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del damaged[at : at + chance.randint(1, 40)]
        elif kind == 2:
            damaged[at:at] = chance.randbytes(chance.randint(1, 40))
        else:
            damaged[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4))
        if not damaged:
            break
    return bytes(damaged)


def _reads(file: Path, data: bytes) -> bool:
    """Whether it is a recording, perhaps a damaged one; there is no third case."""
    file.write_bytes(data)
    try:
        recording = read_recording(str(file))
    except RecordingError:
        return False
    assert recording.log.end is not None or recording.damage
    return True


def _read_many(whole: bytes, file: Path, count: int) -> None:
    chance = random.Random(25)
    read = sum(_reads(file, _mutated(whole, chance)) for _ in range(count))
    assert 0 < read < count


def test_damaged_files_are_read_as_far_as_they_are_valid(whole: bytes, tmp_path: Path) -> None:
    _read_many(whole, tmp_path / "run.rec", 300)


@pytest.mark.long
def test_many_damaged_files(whole: bytes, tmp_path: Path) -> None:
    _read_many(whole, tmp_path / "run.rec", 10_000)


def test_damaged_files_are_told_in_a_line(whole: bytes, tmp_path: Path) -> None:
    chance = random.Random(26)
    for _ in range(25):
        data = _mutated(whole, chance)
        if data[: len(whole)] != whole:
            assert_refused(tmp_path / "run.rec", data)


def _header(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def changed(contents: bytes) -> bytes:
        fields = json.loads(contents)
        change(fields)
        return json.dumps(fields).encode()

    return changed


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "RAM": _header(lambda header: header["options"].update(ram=1 << 40)),
    "RAM as text": _header(lambda header: header["options"].update(ram="128M")),
    "backend": _header(lambda header: header["options"].update(mmu="os")),
    "clock": _header(lambda header: header["options"].update(clock=["host"])),
    "files": _header(lambda header: header["options"].update(files=3)),
    "timeout": _header(lambda header: header["options"].update(timeout=-1)),
    "no options": _header(lambda header: header.update(options=None)),
    "names": _header(lambda header: header.update(names=["a\x1b[2J"])),
    "more names": _header(lambda header: header.update(names=["a"] * 50)),
    "no names": _header(lambda header: header.update(names=[])),
    "beginning": _header(lambda header: header.update(beginning={"arguments": 3})),
    "began": _header(lambda header: header["beginning"].update(began=1 << 70)),
    "arguments": _header(lambda header: header["beginning"].update(arguments=["a"] * 100_000)),
    "no arguments": _header(lambda header: header["beginning"].update(arguments=[])),
    "null": _header(lambda header: header["beginning"].update(arguments=["a\0b"])),
    "no JSON": lambda _: b"{",
    "deep": lambda _: b"[" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_header_that_was_made_up_is_refused(name: str, whole: bytes, tmp_path: Path) -> None:
    (kind, header), *rest = blocks(whole)
    parts = [(kind, HOSTILE[name](header)), *rest]
    assert assert_refused(tmp_path / "run.rec", made_of(parts)) == b""
    assert [path.name for path in tmp_path.iterdir()] == ["run.rec"]


ENTRIES, END = 3, 4


@pytest.mark.parametrize(
    ("number", "contents"),
    [
        (ENTRIES, b"\x00\x00\x00\x04\x05abcde"),  # input at another moment
        (ENTRIES, b"\x09"),
        (ENTRIES, b"\x00" + b"\xff" * 9 + b"\x01\x00\x00"),
        (END, b'["EXITED",0,5,5,5]'),
        (END, b'["NONE",0,100000000000,5,5]'),
        (END, b"[]"),
        (END, b'["EXITED",-1,5,5,5]'),
    ],
)
def test_entries_that_were_made_up_end_the_replay(
    number: int, contents: bytes, whole: bytes, tmp_path: Path
) -> None:
    parts = [(kind, contents if kind == number else data) for kind, data in blocks(whole)]
    assert_refused(tmp_path / "run.rec", made_of(parts))


def test_a_block_that_inflates_without_end_is_refused(whole: bytes, tmp_path: Path) -> None:
    header, *rest = blocks(whole)
    assert_refused(tmp_path / "run.rec", made_of([(header[0], bytes(1 << 24)), *rest]))
    assert_refused(tmp_path / "run.rec", made_of([header, *rest[:1], (END, bytes(1 << 20))]))


def test_another_emu_is_told(whole: bytes, tmp_path: Path) -> None:
    (kind, header), *rest = blocks(whole)
    fields = json.loads(header) | {"made_by": ["0.9", "abc"]}
    file = tmp_path / "run.rec"
    file.write_bytes(made_of([(kind, json.dumps(fields).encode()), *rest]))
    run = replayed(file)
    assert run.returncode == 0
    assert run.stderr.count(b"\n") == 1
    assert b"recorded by emu 0.9 (abc), and this is" in run.stderr
    assert b"the run was the same" in run.stderr
