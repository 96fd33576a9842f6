"""Semihosting calls with whatever is in their registers and parameter blocks.

A directory is at hand, with a file beside it that nobody may reach, by whatever name.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from emu.environment.world import HostWorld
from tests.fuzz.inputs.case import Broken, Case, Target
from tests.semihosting.fake_guest import BASE, BUFFER, NOWHERE, READ_ONLY, SIZE, Guest

SECRET: Final = b"nobody may read this"
NAMES: Final = (
    "file", "file", "other", ":tt", ":semihosting-features", "", ".", "..", "../secret",
    "a/../../secret", "/etc/passwd", "directory", "directory/inner", "directory/../file", "link",
    "inside", "fifo", "x" * 300, "a/" * 200 + "x", "file/x", "{root}/../secret", "{root}/file",
    "./file", "//file", "tmp00",
)  # fmt: skip
NUMBERS: Final = (*range(0x32), 0xFF, 0x100, 0xFFFFFFFF, 0x80000000)
WORDS: Final = (
    0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 40, 255, 256, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
    0xFFFFFFF0, BASE, BASE + 4, BUFFER, BUFFER, BUFFER, BUFFER + 1, READ_ONLY, READ_ONLY - 2,
    BASE + SIZE - 4, BASE + SIZE, NOWHERE, 0x20026,
)  # fmt: skip


def _generate(chance: random.Random) -> Case:
    parts = []
    for _ in range(chance.choice((1, 3, 8, 20, 40))):
        number = chance.choice((*NUMBERS, 1, 1, 1, 1, 5, 5, 6, 6, 0x0A, 0x0E, 0x0F))
        words = [chance.choice((*WORDS, chance.getrandbits(32))) for _ in range(4)]
        name = chance.choice(NAMES)
        if number in (1, 0x0E, 0x0F) and chance.random() < 0.9:
            words[0], words[1 if number == 0x0E else 2] = BUFFER, len(name)
            if number == 1:
                words[1] = chance.randrange(13)
        parts.append(" ".join((f"{number:#x}", *(f"{word:#x}" for word in words), f"={name}")))
    return Case("semihosting", "", tuple(parts))


def _give(case: Case) -> None:
    with tempfile.TemporaryDirectory() as name:
        outside = Path(name)
        root = outside / "root"
        (root / "directory").mkdir(parents=True)
        (root / "file").write_bytes(b"0123456789\n")
        (root / "directory/inner").write_bytes(b"inner")
        (root / "link").symlink_to("../secret")
        (root / "inside").symlink_to("file")
        os.mkfifo(root / "fifo")
        secret = outside / "secret"
        secret.write_bytes(SECRET)
        _call(case.parts, root)
        if secret.read_bytes() != SECRET or sorted(os.listdir(outside)) != ["root", "secret"]:
            raise Broken("it reached what is beside its directory")


def _call(parts: Sequence[str], root: Path) -> None:
    read, write = os.pipe()
    os.close(write)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        guest = Guest(HostWorld(("program",), str(root), (read, nothing, nothing)))
        for part in parts:
            if guest.status is not None:
                break
            _one(guest, part, root)
    finally:
        os.close(read)
        os.close(nothing)


def _one(guest: Guest, part: str, root: Path) -> None:
    call, _, name = part.partition(" =")
    number, *words = (int(word, 0) for word in call.split())
    path = name.replace("{root}", str(root)).encode()[: SIZE // 4]
    guest.memory.write(BUFFER, path + b"\0")
    block = b"".join(word.to_bytes(4, "little") for word in words)
    argument = words[3] if words[3] in WORDS and words[3] != BUFFER and number % 3 == 0 else BASE
    guest.memory.write(BASE, block)
    result = guest.semihosting.call(number, argument)
    if not -(1 << 31) <= result < 1 << 32:
        raise Broken(f"operation {number:#x} gave {result:#x}")
    if SECRET in bytes(guest.memory.data):
        raise Broken("it has read what is beside its directory")


SEMIHOSTING = Target("semihosting", _generate, _give)
