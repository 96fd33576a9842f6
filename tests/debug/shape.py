"""The shape of a golden text: the text without what a compiler chooses.

Chosen are instructions and their addresses, what registers hold, where the stack is by then, how
long code is and so where what follows it lies, and which line of a statement an instruction is
counted to.  All that stands in angle brackets instead, and only if it agrees with what else the
text says: an instruction that is named must be the one that is marked, a register's value the one
that is listed, a distance that between the addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

IMAGE = range(0x00010000, 0x00100000)
"""Where programs are linked to be (va)."""

BEHIND_TABLES = range(0x8010A000, 0x88000000)
"""RAM behind the tables that boot makes, which are alike for all programs (pa)."""

_SECTION = re.compile(r"  (registers|code|backtrace|walk|near|history of frame \d+|hint)")
_INSTRUCTION = re.compile(r"    ([> ]) (0x[0-9a-f]{8})  (?:[0-9a-f]{4} ?){1,2} +(\S.*)")
_REGISTER = re.compile(r"\b(r\d+|sp|lr|pc|cpsr) ([0-9a-f]{8})\b")
_WHERE = re.compile(
    r"(  in|  called from) (.*), (0x[0-9a-f]{8}: .*?)(?: with (\w+) = (0x[0-9a-f]+))?"
)
_LEVEL = re.compile(r"    #(\d+) +(.*?)( \(inlined\))?")
_AGAIN = re.compile(r"( +)(this frame|these (\d+) frames) (\d+) times more")
_NEAR = re.compile(
    r"(    0x([0-9a-f]{8})\.\.0x([0-9a-f]{8}) .*: (?:ends |begins )?)"
    r"(?:0x([0-9a-f]+) bytes|right) (in|below|above)"
)
_ACCESSED = re.compile(r"(emu: .* faulted: (.*): \w+ of )0x([0-9a-f]{8})")

WITHIN_A_PAGE = ("stack overflow", "write to a page table")
"""The mistakes that meet a page, and the compiler or the length of the code says where in it."""


def shape(text: str) -> str:
    """The shape of reports, or of a view of tables or frames."""
    if not text.startswith("emu: "):
        return "".join(map(_view_line, text.splitlines(keepends=True)))
    reports = re.split(r"^(?=emu: )", text, flags=re.MULTILINE)[1:]
    return "".join(f"{line}\n" for report in reports for line in _report(report.splitlines()))


class _Facts(NamedTuple):
    """What a report says in one place and repeats in another.

    va: the address accessed, or -1.  marked: the marked instruction with its address.
    """

    va: int
    registers: dict[str, str]
    marked: str


def _report(lines: list[str]) -> Iterator[str]:
    instructions = [found for line in lines if (found := _INSTRUCTION.fullmatch(line))]
    accessed = _ACCESSED.fullmatch(lines[0])
    facts = _Facts(
        int(accessed[3], 16) if accessed else -1,
        dict(_REGISTER.findall("\n".join(lines))),
        next((f"{found[2]}: {found[3]}" for found in instructions if found[1] == ">"), ""),
    )
    for title, part in _sections(lines):
        yield from map(_common, _PARTS.get(title, _as_it_is)(part, facts))


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The head, titled "", and the sections, each with the line of its title."""
    title, part = "", []
    for line in lines:
        if found := _SECTION.fullmatch(line):
            yield title, part
            title, part = found[1], []
        part.append(line)
    yield title, part


def _as_it_is(lines: list[str], _facts: _Facts) -> Iterator[str]:
    yield from lines


def _head(lines: list[str], facts: _Facts) -> Iterator[str]:
    for line in lines:
        accessed, where = _ACCESSED.fullmatch(line), _WHERE.fullmatch(line)
        if accessed and accessed[2] in WITHIN_A_PAGE:
            yield f"{accessed[1]}0x{accessed[3][:5]}<offset>"
        elif where and _agrees(where, facts):
            yield f"{where[1]} {where[2]}, <instruction>{' with <register>' if where[4] else ''}"
        else:
            yield line


def _agrees(where: re.Match[str], facts: _Facts) -> bool:
    """Whether the instruction is the marked one, it is at the PC, and the register holds that."""
    name, value = where[4], where[5]
    at_pc = where[1] == "  called from" or where[3][2:10] == facts.registers.get("pc")
    holds = name is None or facts.registers.get(name) == f"{int(value, 16):08x}"
    return where[3] == facts.marked and at_pc and holds


def _registers(lines: list[str], _facts: _Facts) -> Iterator[str]:
    for line in lines:
        named = _REGISTER.sub(r"\1 <word>", line)
        yield re.sub(r"[nN][zZ][cC][vV][qQ] ", "<flags> ", named)


def _code(lines: list[str], _facts: _Facts) -> Iterator[str]:
    """The instruction that is marked; how many are around it depends on what it is in."""
    for line in lines:
        found = _INSTRUCTION.fullmatch(line)
        if found is None:
            yield line
        elif found[1] == ">":
            yield "    > <instruction>"


def _backtrace(lines: list[str], _facts: _Facts) -> Iterator[str]:
    """Its functions, if their numbers are right."""
    expected = 0
    for line in lines:
        level, again = _LEVEL.fullmatch(line), _AGAIN.fullmatch(line)
        if level and int(level[1]) == expected:
            expected += not level[3]
            yield f"    # {level[2]}"
        elif again:
            expected += int(again[3] or 1) * int(again[4])
            yield f"{again[1]}{again[2]} <count> times more"
        else:
            yield line


def _near(lines: list[str], facts: _Facts) -> Iterator[str]:
    for line in lines:
        found = _NEAR.fullmatch(line)
        if found and _distance(found, facts.va) == int(found[4] or "0", 16):
            yield f"{found[1]}<distance> {found[5]}"
        else:
            yield line


def _distance(found: re.Match[str], va: int) -> int:
    first, last = int(found[2], 16), int(found[3], 16)
    return {"in": va - first, "below": va - last - 1, "above": first - va}[found[5]]


_PARTS: dict[str, Callable[[list[str], _Facts], Iterator[str]]] = {
    "": _head,
    "registers": _registers,
    "code": _code,
    "backtrace": _backtrace,
    "near": _near,
}


def _common(line: str) -> str:
    """What may be in any part: lines, places in the image and on the stack, sizes of memory."""
    line = re.sub(r"(\.[ch]):\d+\b", r"\1:<line>", line)
    line = re.sub(r"\boffset=0x[0-9a-f]+000\b", "offset=<pages>", line)
    line = re.sub(r"\b(msg|frame|ptr)=0xef[89a-f][0-9a-f]{5}\b", r"\1=<stack>", line)
    return _addresses(line, IMAGE, "<image>")


def _addresses(line: str, range_: range, name: str) -> str:
    return re.sub(r"\b0x([0-9a-f]{8})\b", lambda m: name if int(m[1], 16) in range_ else m[0], line)


def _view_line(line: str) -> str:
    """A line of a view.  Of a table the size is given, and of what is in MiB."""
    line = _addresses(_addresses(line, IMAGE, "<image>"), BEHIND_TABLES, "<pa>")
    if not re.search(r"\bL[12]\b", line) and re.search(r"<|^process|not mapped", line):
        line = re.sub(r"\b\d+K\b", "<size>", line)
    return re.sub(r"(?<=\S) {2,}", "  ", line)
