"""Random programs of operations, which ``guest/chaos`` interprets: most of them make sense.

Operations are as in ``chaos.c``.  A program is a list of them, so that one can be left out.
"""

from __future__ import annotations

import functools
import random
import re
import struct
from enum import IntEnum
from typing import Final, NamedTuple

from kernel_model.image import Image
from kernel_model.syscalls import CALLS
from tests.fuzz.variants import EVERY, PLAIN, UNCOUNTED, Program, Seen, Variant, elf_program, twins
from tests.guests import BUILT, build_guests

SLOTS: Final = 32
OPERATIONS: Final = 400
MAX_INSNS: Final = 1_500_000
PIECE: Final = 100
"""Operations of one process, behind which there is an END."""


class Kind(IntEnum):
    END = 0
    CALL = 1
    LOAD = 2
    STORE = 3
    WRITE = 4
    RUN = 5
    EXCLUSIVE = 6
    SEMIHOSTING = 7
    SPAWN = 8
    SPIN = 9
    FIND = 10
    TAKE = 11
    MOVE = 12
    SET = 13
    KEEP = 14
    PRINT = 15


NUMBERS: Final = {call.name: call.number for call in CALLS}
NAMES: Final = {call.number: call.name for call in CALLS}


class Operation(NamedTuple):
    """args: values, or slots where their bit in ``sources`` is set."""

    kind: Kind
    number: int = 0
    slot: int = 31
    sources: int = 0
    args: tuple[int, int, int, int] = (0, 0, 0, 0)

    def encode(self) -> bytes:
        words = (arg & 0xFFFFFFFF for arg in self.args)
        return struct.pack("<4B4I", self.kind, self.number, self.slot, self.sources, *words)

    def __str__(self) -> str:
        args = [
            f"s{arg}" if self.sources >> at & 1 else f"{arg & 0xFFFFFFFF:#x}"
            for at, arg in enumerate(self.args)
        ]
        name = NAMES.get(self.number, self.number) if self.kind is Kind.CALL else self.number
        return f"s{self.slot} = {self.kind.name} {name} ({', '.join(args)})"


class Chaos(NamedTuple):
    """A program.  pieces: proc0's operations, then those of each child that there may be."""

    pieces: tuple[tuple[Operation, ...], ...]
    arm: bool = False

    def __str__(self) -> str:
        lines = ["Arm" if self.arm else "Thumb"]
        for at, piece in enumerate(self.pieces):
            lines += [f"from {at * PIECE}:", *(f"  {one}" for one in piece)]
        return "\n".join(lines)


_LINE: Final = re.compile(r"  s(\d+) = (\w+) (\w+) \((.*)\)")


def parse(text: str) -> Chaos:
    """The program of a listing, as ``str`` gives it.  Errors: ValueError."""
    code, *lines = text.strip().splitlines()
    pieces: list[list[Operation]] = []
    for line in lines:
        if line.startswith("from "):
            pieces.append([])
        elif match := _LINE.fullmatch(line):
            pieces[-1].append(_operation(*match.groups()))
        else:
            raise ValueError(f"no operation: {line!r}")
    return Chaos(tuple(map(tuple, pieces)), code == "Arm")


def _operation(slot: str, kind: str, number: str, listed: str) -> Operation:
    words = listed.split(", ")
    args = [int(word[1:]) if word[0] == "s" else int(word, 0) for word in words]
    sources = sum(1 << at for at, word in enumerate(words) if word[0] == "s")
    of_kind = NUMBERS[number] if number in NUMBERS else int(number)
    return Operation(Kind[kind], of_kind, int(slot), sources, (args[0], args[1], args[2], args[3]))


_RETURN_ARM: Final = 0xE12FFF1E  # bx lr
_RETURN_THUMB: Final = 0x4770
_ODD: Final = (0, 1, 2, 3, 4, 0xFFC, 0xFFD, 0xFFE, 0xFFF, 0x1000, 0x1001, 0x7FFFFFFF,
               0x80000000, 0xF0000000, 0xFFFFFFFF, 0xFFFFF000, 0x44E09000, 0x10000)  # fmt: skip
_RIGHTS: Final = (3, 3, 3, 3, 3, 0x43, 0x43, 0x43, 0x43, 0x43, 1, 0x41)


class Writer:
    """Makes operations up.  In slots: 0 a message, 1 the program; ids and views from 2 on."""

    def __init__(self, chance: random.Random, children: int) -> None:
        self._chance, self._children = chance, children
        self.out: list[Operation] = []

    def _put(
        self, kind: Kind, *args: int, number: int = 0, slot: int = 31, sources: int = 0
    ) -> None:
        four = (*args, 0, 0, 0, 0)[:4]
        self.out.append(Operation(kind, number, slot, sources, four))

    def _id(self) -> int:
        """A slot that is likely to hold the id of a frame; the next holds its view."""
        return 4 + 2 * self._chance.randrange(8)

    def _pid(self) -> int:
        return 24 + self._chance.randrange(self._children or 3)

    def _odd(self) -> int:
        chance = self._chance
        return chance.choice((*_ODD, chance.getrandbits(32), chance.randrange(40)))

    def piece(self, length: int, is_first: bool) -> tuple[Operation, ...]:
        chance = self._chance
        for slot in chance.sample(range(4, 20, 2), 6 if is_first else 3):
            self._put(
                Kind.TAKE, 0x1000 * chance.choice((1, 1, 2, 4)), chance.choice((3, 0x43)), slot=slot
            )
        if is_first:
            for child in range(self._children):
                self._put(Kind.SPAWN, (child + 1) * PIECE, slot=24 + child)
        while len(self.out) < length:
            getattr(self, f"_{chance.choices(_NAMES, _WEIGHTS)[0]}")()
        self._put(Kind.PRINT)
        return tuple(self.out[: PIECE - 1])

    def _take(self) -> None:
        size = 0x1000 * self._chance.choice((1, 1, 1, 2, 4, 16))
        self._put(Kind.TAKE, size, self._chance.choice(_RIGHTS), slot=self._id())

    def _find(self) -> None:
        self._put(Kind.FIND, self._chance.randrange(6, 20), slot=self._id())

    def _access(self) -> None:
        chance = self._chance
        kind = chance.choice((Kind.LOAD, Kind.STORE))
        offset = chance.choice((0, 1, 2, 3, 8, 0x40, 0xFEC, chance.randrange(0xFE0)))
        way = chance.randrange(8)
        if way in (3, 4) and chance.random() < 0.97:
            offset &= ~3  # LDRD and LDM fault elsewhere
        elif chance.random() < 0.02:
            offset |= 0xFF0  # across the end of the page
        self._put(kind, self._id() + 1, offset, chance.getrandbits(32), number=way, sources=1)

    def _wild_access(self) -> None:
        self._put(self._chance.choice((Kind.LOAD, Kind.STORE)), self._odd(), 0, self._odd(),
                  number=self._chance.randrange(8))  # fmt: skip

    def _code(self) -> None:
        """Code written, perhaps moved, run, written again where it now is, and run again.

        In several places of a page: of a page's stores only the first is sure to be looked at.
        """
        chance, frame, thumb = self._chance, self._id(), self._chance.randrange(2)
        offsets = chance.sample((0, 0x40, 0x100, 0x800, 0xFF8), chance.choice((1, 2, 3)))
        self._put(Kind.TAKE, 0x1000, 3, slot=frame)
        for again in range(chance.choice((1, 2, 2, 3))):
            self._move_code(frame, again > 0)
            for offset in offsets:
                first, second = self._instructions(thumb)
                self._put(Kind.WRITE, frame + 1, offset, first, second, sources=1)
            self._move_code(frame, True)
            for offset in offsets:
                self._put(Kind.RUN, frame + 1, offset | thumb, again, sources=1)

    def _move_code(self, frame: int, may: bool) -> None:
        if may and self._chance.random() < 0.35:
            rights = self._chance.choice((1, *(3,) * 9))
            self._put(Kind.MOVE, frame, rights, slot=frame + 1, sources=1)

    def _instructions(self, thumb: int) -> tuple[int, int]:
        chance, value = self._chance, self._chance.randrange(256)
        if chance.random() < 0.04:
            return chance.getrandbits(32), _RETURN_ARM
        if thumb:
            return _RETURN_THUMB << 16 | 0x3000 | value, 0x47704770
        return 0xE2800000 | value, _RETURN_ARM

    def _exclusive(self) -> None:
        self._put(Kind.EXCLUSIVE, self._id() + 1, self._chance.choice((0, 4, 8)), 7,
                  number=self._chance.randrange(4), sources=1)  # fmt: skip

    def _spin(self) -> None:
        self._put(Kind.SPIN, self._chance.choice((1, 100, 1000)))

    def _keep(self) -> None:
        chance = self._chance
        self._put(Kind.KEEP, chance.choice((0, 10, 3000)), chance.getrandbits(32),
                  number=chance.randrange(2))  # fmt: skip

    def _print(self) -> None:
        self._put(Kind.PRINT)

    def _move(self) -> None:
        frame = self._id()
        self._put(Kind.MOVE, frame, self._chance.choice(_RIGHTS), slot=frame + 1, sources=1)

    def _semihosting(self) -> None:
        chance = self._chance
        operation = chance.choice((*range(1, 0x0E), 0x10, 0x11, 0x12, 0x13, 0x15, 0x16, 0x30, 0x31,
                                   self._odd() & 0xFF))  # fmt: skip
        block = chance.choice((self._id() + 1, 0, 1))
        if chance.random() < 0.3:
            self._put(Kind.SEMIHOSTING, operation, self._odd())
        else:
            self._put(Kind.SEMIHOSTING, operation, block, sources=2)

    def _message(self) -> None:
        chance, pid = self._chance, self._pid()
        if not self._children:
            return  # nobody would ever answer
        if chance.random() < 0.5:
            self._put(Kind.CALL, pid, 0, number=NUMBERS["send"], sources=3)
        else:
            self._put(Kind.CALL, 0, number=NUMBERS["recv"], sources=1)

    def _converse(self) -> None:
        """A call or a reply to one of the family; the first process is everybody's parent."""
        chance, pid = self._chance, self._pid()
        if self._children:
            self._put(
                Kind.CALL, pid, 0, number=NUMBERS[chance.choice(("call", "reply"))], sources=3
            )
        else:
            self._put(Kind.CALL, 0, 0, number=NUMBERS[chance.choice(("call", "reply"))], sources=2)

    def _handle(self) -> None:
        """Let another be told of one's faults; or hear of one, and answer with what it says."""
        if not self._children:
            self._put(Kind.CALL, 0, number=NUMBERS["fault_handler"])
        elif self._chance.random() < 0.3:
            self._put(Kind.CALL, self._pid(), number=NUMBERS["fault_handler"], sources=1)
        else:
            self._put(Kind.CALL, 0, number=NUMBERS["recv"], sources=1)
            self._put(Kind.CALL, self._pid(), 0, number=NUMBERS["send"], sources=3)

    def _lend(self) -> None:
        """Our own vspace to a child, which then runs among our data."""
        self._root()
        self._put(Kind.CALL, self._pid(), 3, number=NUMBERS["vspace_lend"], sources=3)

    def _give(self) -> None:
        if not self._children:
            return
        self._put(Kind.CALL, self._id(), self._pid(), number=NUMBERS["frame_give"], sources=3)

    def _unmap(self) -> None:
        self._put(Kind.CALL, self._id(), 0, number=NUMBERS["frame_unmap"], sources=1)

    def _split(self) -> None:
        frame = self._id()
        self._put(
            Kind.CALL, frame, 0x1000, number=NUMBERS["frame_split"], slot=self._id(), sources=1
        )

    def _rejoin(self) -> None:
        """A frame cut in two and, perhaps with something between, joined again."""
        frame, upper = self._id(), self._id()
        self._put(Kind.TAKE, 0x2000, self._chance.choice((3, 0x43)), slot=frame)
        self._put(Kind.CALL, frame, 0x1000, number=NUMBERS["frame_split"], slot=upper, sources=1)
        if self._chance.random() < 0.5:
            self._access()
        self._put(Kind.CALL, frame, upper, number=NUMBERS["frame_merge"], sources=3)

    def _hand_over(self) -> None:
        """A page that nobody sees, given to a child or to the kernel."""
        frame = self._id()
        self._put(Kind.TAKE, 0x1000, 3, slot=frame)
        self._put(Kind.CALL, frame, 0, number=NUMBERS["frame_unmap"], sources=1)
        if self._children and self._chance.random() < 0.8:
            self._put(Kind.CALL, frame, self._pid(), number=NUMBERS["frame_give"], sources=3)
        else:
            self._put(Kind.CALL, frame, number=NUMBERS["frame_pool"], sources=1)

    def _merge(self) -> None:
        self._put(Kind.CALL, self._id(), self._id(), number=NUMBERS["frame_merge"], sources=3)

    def _pull(self) -> None:
        """A view of our own taken away, whatever it is: perhaps the code or the stack."""
        slot = self._id()
        self._put(Kind.FIND, self._chance.randrange(12), slot=slot)
        self._put(Kind.CALL, slot, 0, number=NUMBERS["frame_unmap"], sources=1)

    def _table(self) -> None:
        frame = self._id()
        self._put(Kind.TAKE, 0x1000, 0x41, slot=frame)
        self._put(Kind.CALL, frame, 4, number=NUMBERS["frame_table"], sources=1)
        self._put(Kind.CALL, 3, frame, 0x400000 * self._chance.randrange(1, 60), 0x0C,
                  number=NUMBERS["frame_map"], sources=3)  # fmt: skip
        self._put(Kind.TAKE, 0x1000, 3, slot=self._id())

    def _root(self) -> None:
        self._put(Kind.CALL, number=NUMBERS["vspace_id"], slot=3)

    def _device(self) -> None:
        """The last of our first frames is the UART's: seen, and read or written."""
        self._put(Kind.FIND, 9, slot=20)
        self._put(Kind.MOVE, 20, self._chance.choice((3, 0x43)), slot=21, sources=1)
        kind = self._chance.choice((*(Kind.LOAD, Kind.STORE) * 10, Kind.RUN))
        self._put(kind, 21, 4 * self._chance.randrange(8), 0x41, number=6, sources=1)

    def _call(self) -> None:
        """Any call, with arguments that may be right."""
        chance = self._chance
        number = chance.choice([one for one in NAMES if one != NUMBERS["exit"]] + [99])
        args, sources = [], 0
        for at in range(4):
            if chance.random() < 0.6:
                args.append(chance.randrange(SLOTS))
                sources |= 1 << at
            else:
                args.append(self._odd())
        self._put(Kind.CALL, *args, number=number, sources=sources, slot=self._id())

    def _yield(self) -> None:
        self._put(Kind.CALL, number=NUMBERS["yield"])

    def _exit(self) -> None:
        self._put(Kind.CALL, 3, number=NUMBERS["exit"])


_SHARES: Final = {
    "take": 6, "find": 4, "access": 16, "wild_access": 0.2, "code": 8, "exclusive": 3, "spin": 4,
    "keep": 5, "print": 5, "move": 5, "semihosting": 3, "message": 1.5, "give": 3, "unmap": 3,
    "split": 3, "merge": 2, "rejoin": 3, "hand_over": 2, "pull": 0.3, "table": 2, "root": 2,
    "device": 2, "call": 8, "yield": 6, "converse": 1,
    "handle": 1, "lend": 0.2, "exit": 0.3,
}  # fmt: skip
_NAMES: Final = tuple(_SHARES)
_WEIGHTS: Final = tuple(_SHARES.values())


def generate(seed: int) -> Chaos:
    chance = random.Random(seed)
    children = chance.choice((0, 0, 1, 2, 3))
    pieces = tuple(
        Writer(chance, children).piece(chance.randrange(20, PIECE - 4), at == 0)
        for at in range(children + 1)
    )
    return Chaos(pieces, bool(chance.randrange(2)))


@functools.cache
def _interpreter(arm: bool) -> Program:
    build_guests("chaos")
    return elf_program(BUILT / f"chaos/chaos{'.arm' if arm else ''}.elf", b"abc\ndef\n", MAX_INSNS)


def program_of(chaos: Chaos) -> Program:
    """The interpreter with these operations in it."""
    code = bytearray(OPERATIONS * 20)
    for at, piece in enumerate(chaos.pieces):
        text = b"".join(one.encode() for one in piece)
        code[at * PIECE * 20 : at * PIECE * 20 + len(text)] = text
    program = _interpreter(chaos.arm)
    mark = b"CHAO" + struct.pack("<I", 0x534F4148)
    segments = []
    for segment in program.image.segments:
        start = segment.data.find(mark)
        if start >= 0:
            data = segment.data[:start] + bytes(code) + segment.data[start + len(code) :]
            segment = segment._replace(data=data)
        segments.append(segment)
    assert tuple(segments) != program.image.segments
    return program._replace(image=Image(tuple(segments), program.image.entry))


def outside(_chaos: Chaos, _seen: Seen) -> None:
    """Nobody else has this kernel."""


def variants(seed: int) -> tuple[Variant, ...]:
    """All backends, and of the watched ways, which are slow, some; those by the twins too."""
    chance = random.Random(seed)
    watched = [one for one in EVERY if one.watch not in ("", "trace")]
    slow = [one for one in EVERY if one.watch == "trace"] if seed % 8 == 0 else []
    checked = Variant(chance.choice(PLAIN).mmu, "report", check=True)
    bare = Variant(chance.choice(PLAIN).mmu, counted=UNCOUNTED)
    pieces = Variant(chance.choice(PLAIN).mmu, pieces=chance.choice((997, 20_011)))
    some = chance.sample(watched, 1)
    debugged = [Variant(one.mmu, "debugger") for one in chance.sample(PLAIN, 2)]
    return (
        *PLAIN, *debugged, checked, bare, pieces, *some, *twins((chance.choice(PLAIN), *some)),
        *chance.sample(slow, min(len(slow), 1)),
    )  # fmt: skip


def smaller(chaos: Chaos) -> list[Chaos]:
    """The same without one run of operations, the longest runs first."""
    tries = []
    for length in (16, 8, 4, 2, 1):
        for at, piece in enumerate(chaos.pieces):
            for start in range(0, len(piece) - length + 1, length):
                rest = piece[:start] + piece[start + length :]
                tries.append(
                    chaos._replace(pieces=(*chaos.pieces[:at], rest, *chaos.pieces[at + 1 :]))
                )
    return tries
