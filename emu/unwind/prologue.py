"""Unwinding by reading the code: what a function's first instructions put on the stack.

For functions without tables, as hand-written assembly often is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from emu.arm.disassembly import Instruction
from emu.unwind.frame import LR, PC, SP, Frame, ReadWord, caller, word_at

Saved = dict[int, int]
"""Registers by number: bytes below the SP that the function was entered with."""

_NUMBERS = {**{f"r{n}": n for n in range(13)}, "sp": SP, "lr": LR, "pc": PC}
_PUSH = re.compile(r"(?:push|stmdb)(?:\.w)? (?:sp!, )?\{(.*)\}")
_VPUSH = re.compile(r"vpush \{(.*)\}")
_STORE = re.compile(r"str(?:d|\.w)? (\w+), (?:(\w+), )?\[sp(?:, #(-?0x[0-9a-f]+|-?\d+))?\](!?)")
_SUB_SP = re.compile(r"sub[sw.]* sp, (?:sp, )?#(0x[0-9a-f]+|\d+)")
_FRAME_POINTER = re.compile(
    r"(?:mov|add[sw.]*|sub[sw.]*) (r7|r11), (sp|r12)(?:, #(0x[0-9a-f]+|\d+))?"
)
_OLD_SP = re.compile(r"mov r12, sp")
_ADD_SP = re.compile(r"add[sw.]* sp, (?:sp, )?#(0x[0-9a-f]+|\d+)")
_POP = re.compile(r"v?pop(?:\.w)? \{(.*)\}")
_LOAD = re.compile(r"ldr(?:d|\.w)? \w+, (?:\w+, )?\[sp\], #(0x[0-9a-f]+|\d+)")
_JUMP = re.compile(r"(b|bx|tbb|tbh)(\.w)? |pop.*\bpc\}|ldr\S* pc,")
_POP_PC = re.compile(r"pop(?:\.w)? \{(?:(.*), )?pc\}|ldr(?:\.w)? pc, \[sp\], #(0x[0-9a-f]+|\d+)")

_UNSAFE = re.compile(r"lr|pc|sp\]?!|\[sp\], |push|pop|(add|sub|mov)\S* sp|^(b|cb|tb|it|svc)")


class Prologue(NamedTuple):
    """What has been done to the stack.

    depth: bytes that SP went down.  saved: where registers are.  pointer: a frame pointer and
    how far it is below the SP at entry.
    """

    depth: int
    saved: Saved
    pointer: tuple[int, int] | None

    def unwind(
        self, frame: Frame, read: ReadWord, is_return: Callable[[int], bool]
    ) -> Frame | None:
        """The caller's frame, if what is found there is believable."""
        entry_sp = frame.sp + self.depth
        if self.pointer is not None:
            entry_sp = frame.registers[self.pointer[0]] + self.pointer[1]
        registers = list(frame.registers)
        for number, below in self.saved.items():
            word = read(entry_sp - below & 0xFFFFFFFF)
            if word is None:
                return None
            registers[number] = word
        registers[SP] = entry_sp
        if LR not in self.saved and frame.is_call:
            return None
        pc = registers[LR]
        return caller(registers, pc) if is_return(pc) else None


def analyse(instructions: Iterable[Instruction]) -> Prologue:
    """Read a function's instructions from its start up to where it is.

    An epilogue on the way takes things off the stack; behind the jump that ends it everything
    is there again.
    """
    state = _State()
    for instruction in instructions:
        state.read(instruction.text)
    return Prologue(state.depth, state.saved, state.pointer)


def stores_lr(instructions: Iterable[Instruction]) -> bool:
    """Whether some of these puts the link register on the stack."""
    for instruction in instructions:
        push, store = _PUSH.match(instruction.text), _STORE.match(instruction.text)
        if (push and "lr" in push[1]) or (store and "lr" in store.groups()[:2]):
            return True
    return False


def returning(instructions: Iterable[Instruction], frame: Frame, read: ReadWord) -> Frame | None:
    """The caller's frame, if the next instructions lead straight to the one that returns to it.

    On the way nothing may touch LR or move SP.
    """
    for instruction in instructions:
        text = instruction.text
        if text == "bx lr":
            return caller(list(frame.registers), frame.lr)
        if match := _POP_PC.fullmatch(text):
            return _popped(match, frame, read)
        if _UNSAFE.search(text):
            return None
    return None


def _popped(match: re.Match[str], frame: Frame, read: ReadWord) -> Frame:
    """The frame that an instruction makes by taking registers and the PC off the stack."""
    names = [*match[1].split(", "), "pc"] if match[1] else ["pc"]
    registers = list(frame.registers)
    for position, name in enumerate(names):
        registers[_NUMBERS[name]] = word_at(read, frame.sp + 4 * position)
    registers[SP] = frame.sp + (int(match[2], 0) if match[2] else 4 * len(names))
    return caller(registers, registers[PC])


def _taken_off(text: str) -> int:
    """Bytes by which an instruction moves SP up."""
    if match := _POP.match(text):
        width = 8 if match[1][0] == "d" else 4
        return width * len(match[1].split(", "))
    match = _ADD_SP.match(text) or _LOAD.match(text)
    return int(match[1], 0) if match else 0


class _State:
    """What the instructions so far have done."""

    def __init__(self) -> None:
        self.depth = 0
        self.saved: Saved = {}
        self._all_saved: Saved = {}
        self.pointer: tuple[int, int] | None = None
        self._r12_depth: int | None = None
        self._before_epilogue: int | None = None

    def read(self, text: str) -> None:
        """One more instruction."""
        if _JUMP.match(text):
            self._end_epilogue()
        elif taken := _taken_off(text):
            self._take_off(taken)
        elif match := _PUSH.match(text):
            self._push(match[1].split(", "))
        elif match := _VPUSH.match(text):
            self.depth += sum(8 if name[0] == "d" else 4 for name in match[1].split(", "))
        elif match := _STORE.match(text):
            self._store(match)
        elif match := _SUB_SP.match(text):
            self.depth += int(match[1], 0)
        elif _OLD_SP.match(text):
            self._r12_depth = self.depth
        elif match := _FRAME_POINTER.match(text):
            self._set_pointer(match)

    def _take_off(self, size: int) -> None:
        if self._before_epilogue is None:
            self._before_epilogue = self.depth
        self.depth -= size
        self.saved = {number: below for number, below in self.saved.items() if below <= self.depth}

    def _end_epilogue(self) -> None:
        if self._before_epilogue is not None:
            self.depth, self._before_epilogue = self._before_epilogue, None
            self.saved = dict(self._all_saved)

    def _push(self, names: list[str]) -> None:
        self.depth += 4 * len(names)
        for position, name in enumerate(names):
            self._save(_NUMBERS[name], self.depth - 4 * position)

    def _store(self, match: re.Match[str]) -> None:
        """One register or two, perhaps with SP going down first."""
        offset = int(match[3] or "0", 0)
        if match[4]:
            self.depth -= offset
            offset = 0
        for position, name in enumerate(name for name in match.groups()[:2] if name):
            self._save(_NUMBERS[name], self.depth - offset - 4 * position)

    def _save(self, number: int, below: int) -> None:
        """The first store of a register keeps the caller's value: later ones keep others."""
        if number >= 4 and number != SP and below > 0:
            self.saved.setdefault(number, below)
            self._all_saved.setdefault(number, below)

    def _set_pointer(self, match: re.Match[str]) -> None:
        amount = int(match[3] or "0", 0)
        if match[2] == "sp":
            self.pointer = _NUMBERS[match[1]], self.depth - amount
        elif self._r12_depth is not None:
            self.pointer = _NUMBERS[match[1]], self._r12_depth + amount
