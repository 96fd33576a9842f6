"""Random code as a list of instructions, of which any can be left out."""

from __future__ import annotations

import random
import re
import struct
from typing import Final, NamedTuple

import capstone

from tests.fuzz.code.patterns import ARM, THUMB, Pattern, fill, size
from tests.fuzz.variants import EVERY, PIECES, PLAIN, UNCOUNTED, Variant, twins

LENGTHS: Final = (4, 12, 30, 60)
MUTATED: Final = 0.1
"""How likely a bit of an instruction is another than its pattern has, where code is wild."""
TRIES: Final = 30
_LATER: Final = re.compile(
    r"^v(?!cvt[bt]?\.(f32\.f16|f16\.f32)).*f16|^vrint|^vsel|^v(max|min)nm|^cdp|^crc"
)
"""What the disassembler knows of later processors."""
_WRONG: Final = {
    "a fixed-point number to a floating-point one: it must be rounded to the nearest, and Unicorn "
    "rounds as FPSCR says (A8.8.308)": r"vcvt\S*\.f(32|64)\.[su](16|32) .*#",
    "alignment to 256 bits: qemu-arm 7.2 checks for 128 at most": r"^v(ld|st)\d.*:0x100",
}
"""What is not compared, although it is defined, and how it is disassembled."""
LEFT_OUT: Final = (
    *_WRONG,
    "encodings that are marked any: most are UNPREDICTABLE with some of their fields, and code with"
    " one of them is compared between our own ways of running it",
    "exclusive stores: whether they succeed is the monitor's; `make fuzz-accesses` compares them",
    "what only later processors have, for which the disassembler knows a name",
)
"""What is not compared with qemu-arm, and why."""
_DECODERS: Final = {
    False: capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM),
    True: capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB),
}


class Instruction(NamedTuple):
    """size: bytes, 2 or 4."""

    word: int
    size: int

    def encode(self, thumb: bool) -> bytes:
        """As it lies in memory."""
        if thumb and self.size == 4:
            return struct.pack("<2H", self.word >> 16, self.word & 0xFFFF)
        return self.word.to_bytes(self.size, "little")

    def __str__(self) -> str:
        return f"{self.word:0{self.size * 2}x}"


class Code(NamedTuple):
    """Code, and the seed of what is in registers and data when it begins.

    is_defined: whether the architecture says what it does, as far as we know.
    """

    seed: int
    thumb: bool
    is_defined: bool
    instructions: tuple[Instruction, ...]

    def __str__(self) -> str:
        kind = f"{'thumb' if self.thumb else 'arm'} {'defined' if self.is_defined else 'any'}"
        return "\n".join((f"{kind} {self.seed}", *map(str, self.instructions)))


def parse(text: str) -> Code:
    """The code of a listing, as ``str`` gives it.  Errors: ValueError."""
    first, *lines = text.split("\n")
    isa, kind, seed = first.split()
    instructions = tuple(Instruction(int(line, 16), len(line) // 2) for line in lines if line)
    return Code(int(seed), isa == "thumb", kind == "defined", instructions)


def generate(seed: int) -> Code:
    """Half of all code is defined; of the rest some is as good as noise."""
    chance = random.Random(seed)
    thumb, is_defined = chance.random() < 0.5, chance.random() < 0.5
    patterns = [one for one in (THUMB if thumb else ARM) if one.is_defined or not is_defined]
    wild = 0.0 if is_defined else chance.choice((0.0, 0.02, 0.2))
    length = chance.choice(LENGTHS)
    instructions: list[Instruction] = []
    while len(instructions) < length:
        (pattern,) = chance.choices(patterns, [one.weight for one in patterns])
        one = _instruction(pattern, chance, wild, thumb)
        if not is_defined or (is_known(one, thumb) and not is_wrong(one, thumb)):
            instructions.append(one)
    return Code(seed, thumb, is_defined, tuple(instructions))


def _instruction(pattern: Pattern, chance: random.Random, wild: float, thumb: bool) -> Instruction:
    """Mostly one that a disassembler knows: what is undefined ends a run."""
    for _ in range(TRIES):
        one = Instruction(fill(pattern, chance, wild), size(pattern))
        if wild and chance.random() < MUTATED:
            one = one._replace(word=one.word ^ 1 << chance.randrange(one.size * 8))
        if is_known(one, thumb) or chance.random() < wild / 4:
            break
    return one


def is_known(one: Instruction, thumb: bool) -> bool:
    known = next(_DECODERS[thumb].disasm_lite(one.encode(thumb), 0), None)
    return known is not None and not _LATER.search(known[2])


def is_wrong(one: Instruction, thumb: bool) -> bool:
    """Whether it is one of those that Unicorn is known to execute wrongly."""
    known = next(_DECODERS[thumb].disasm_lite(one.encode(thumb), 0), ())
    text = " ".join(known[2:])
    return any(re.search(pattern, text) for pattern in _WRONG.values())


def variants(seed: int) -> tuple[Variant, ...]:
    """All backends, in pieces and uncounted, and some of the watched ways; some by the twins."""
    chance = random.Random(seed)
    watched = [one for one in EVERY if one.watch]
    mmu = chance.choice(PLAIN).mmu
    pieces = Variant(mmu, pieces=chance.choice(PIECES))
    some = chance.sample(watched, 2)
    return (
        *PLAIN, pieces, Variant(mmu, counted=UNCOUNTED), Variant(mmu, "report", check=True), *some,
        *twins((Variant(mmu), pieces, *some)),
    )  # fmt: skip


def smaller(code: Code) -> list[Code]:
    """The same without some instructions, the longest runs first."""
    tries = []
    for length in (16, 8, 4, 2, 1):
        for start in range(0, len(code.instructions) - length + 1, length):
            rest = code.instructions[:start] + code.instructions[start + length :]
            tries.append(code._replace(instructions=rest))
    return tries
