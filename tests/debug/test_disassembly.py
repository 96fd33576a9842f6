"""Disassembly agrees with arm-none-eabi-objdump, spelling apart.

Two spellings of one instruction, which capstone and objdump choose differently, are made the same
here; everything else must be: where instructions begin, mnemonics and operands.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.debug.elves import instructions, objdump, opened, programs

REGISTERS = {"sl": "r10", "fp": "r11", "ip": "r12"}
BRANCH = re.compile(r"(b|bl|blx|cbn?z)(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?")


def spelled(text: str) -> str:
    """An instruction in the one spelling that is compared."""
    mnemonic, _, operands = " ".join(text.lower().split()).partition(" ")
    mnemonic = _mnemonic(mnemonic)
    operands = _operands(mnemonic, operands)
    return _alias(mnemonic, operands)


def _mnemonic(text: str) -> str:
    """Without the width of the encoding; hs is cs, lo is cc."""
    text = re.sub(r"\.[nw]$", "", text)
    if text.startswith("."):
        return text
    name, dot, kind = text.partition(".")
    return re.sub("lo$", "cc", re.sub("hs$", "cs", name)) + dot + kind


def _operands(mnemonic: str, text: str) -> str:
    text = re.sub(r"\b(sl|fp|ip)\b", lambda match: REGISTERS[match[0]], text)
    text = re.sub(r"\b(\w)(\d+)-\1(\d+)\b", _each_register, text)
    if BRANCH.fullmatch(mnemonic) and "#" not in text:
        text = re.sub(r"\b([0-9a-f]+)$", r"#0x\1", text)
    if mnemonic in ("svc", "udf", "bkpt") and "#" not in text:
        text = f"#{text}"
    if mnemonic.startswith("it"):
        text = _mnemonic(text)
    text = re.sub(r" ?:(0x[0-9a-f]+|\d+)\]", lambda match: f":{int(match[1], 0)}]", text)
    if re.match(r"vmov\w*\.f", mnemonic) and "." not in text:
        text = re.sub(r"#(0x[0-9a-f]+|\d+)$", lambda match: _float(int(match[1], 0)), text)
    text = re.sub(r"#(-?\d\.\d+e[+-]\d+|-?\d+\.\d+)", lambda match: f"#{float(match[1]):g}", text)
    text = re.sub(r"#(-?)(0x[0-9a-f]+|\d+)(?![\d.e])", _number, text)
    return text.replace(", #0]", "]")


def _each_register(match: re.Match[str]) -> str:
    """A range of registers, e.g. d8-d10, as a list."""
    return ", ".join(f"{match[1]}{n}" for n in range(int(match[2]), int(match[3]) + 1))


def _number(match: re.Match[str]) -> str:
    """Decimal, from 0 to 2**32 - 1; what is subtracted from an address keeps its sign."""
    value = int(match[2], 0)
    if match[1] and value <= 4095 and match.string[: match.start()].count("["):
        return f"#-{value}"
    return f"#{-value & 0xFFFFFFFF}" if match[1] else f"#{value}"


def _float(imm8: int) -> str:
    """The number that the eight bits of a floating point immediate stand for (table A7-18)."""
    sign = -1.0 if imm8 & 0x80 else 1.0
    exponent = (imm8 >> 4 & 0b111 ^ 0b100) - 3
    return f"#{sign * (1 + (imm8 & 0xF) / 16) * 2.0**exponent:g}"


ALIASES = (
    (r"ldm(?:ia)?(\w*) sp!, (\{.*\})", r"pop\1 \2"),
    (r"stmdb(\w*) sp!, (\{.*\})", r"push\1 \2"),
    (r"str(\w*) (\w+), \[sp, #-4\]!", r"push\1 {\2}"),
    (r"ldr(\w*) (\w+), \[sp\], #4", r"pop\1 {\2}"),
    (r"(ldm|stm)ia(\w*) (.*)", r"\1\2 \3"),
    (r"mov(s?)(\w*) (\w+, \w+), (lsl|lsr|asr|ror|rrx)(?: (.*))?", r"\4\1\2 \3, \5"),
    (r"(rrxs?\w*) (\w+, \w+), ", r"\1 \2"),
    (r"rsb(s?\w*) (\w+, \w+), #0", r"neg\1 \2"),
    (r"add(\w*) (\w+), pc, (#\d+)", r"adr\1 \2, \3"),
    (r"add(\w*) (\w+), sp, \2", r"add\1 \2, sp"),
    (r"(ldrd|strd)(\w*) (\w+), (?:\w+, )?(\[.*)", r"\1\2 \3, \4"),
    (r"mrs(\w*) (\w+), cpsr", r"mrs\1 \2, apsr"),
    (
        r"(mrc|mcr)(\w*) p?(\d+), #?(\d+), (\w+), cr?(\d+), cr?(\d+), [#{](\d+)\}?",
        r"\1\2 \3, \4, \5, \6, \7, \8",
    ),
    (r"mov r0, r0", "nop"),
    (r"nop \{0\}", "nop"),
)
"""Instructions that have two names, and the one by which they are compared."""

FOREIGN = re.compile(r"(ldf|stf|lfm|sfm|ldc|stc)")
"""Instructions of coprocessors that the core has not: capstone leaves them undecoded."""


def _alias(mnemonic: str, operands: str) -> str:
    text = f"{mnemonic} {operands}".strip()
    for pattern, name in ALIASES:
        match = re.fullmatch(pattern, text)
        if match:
            text = match.expand(name)
    return text


def same(theirs: str, ours: str) -> bool:
    return spelled(theirs) == spelled(ours) or (
        ours.startswith(".inst") and FOREIGN.match(theirs) is not None
    )


@pytest.mark.parametrize("path", programs(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_as_objdump(path: Path) -> None:
    file = opened(path)
    ours = {one.va: one.text for one in instructions(file)}
    theirs = objdump(path)
    assert sorted(ours) == sorted(theirs), "instructions begin elsewhere"
    pairs = {(theirs[va], ours[va]) for va in ours}
    assert not sorted(pair for pair in pairs if not same(*pair))
