"""Unwinding by ``.debug_frame``, which holds for every instruction, prologues included.

Source: DWARF 5, 6.4 (call frame information); ARM IHI 0040, 3.1 (register numbers).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from elftools.dwarf.callframe import FDE

from emu.arm.registers import LR, PC, SP
from emu.debuginfo.malformed import unless_malformed
from emu.unwind.frame import ReadWord, StackFrame, UnwindError, caller, word_at

Rules = dict[Any, Any]
"""A row of pyelftools' tables: the CFA's rule, and a rule for each register that has one."""


class CallFrames:
    """The rules of one file, by address."""

    def __init__(self, dwarf: Any, is_code: Callable[[int], bool]) -> None:
        """dwarf: of pyelftools, or None.  is_code: False for what the linker dropped."""
        entries = [] if dwarf is None else [e for e in dwarf.CFI_entries() if isinstance(e, FDE)]
        self._entries = sorted(
            (entry for entry in entries if is_code(entry.header.initial_location)),
            key=lambda entry: entry.header.initial_location,
        )
        self._starts = [entry.header.initial_location for entry in self._entries]
        self._tables: dict[int, list[Rules]] = {}

    def rules(self, va: int) -> Rules | None:
        """How to restore each register at ``va``; None if the tables say nothing about ``va``."""
        index = self._index(va)
        return None if index is None else self._row(index, va)

    def start_of_prologue(self, va: int) -> int | None:
        """Where the function at ``va`` begins, if it is entered there with LR not saved yet."""
        index = self._index(va)
        if index is None:
            return None
        start = self._starts[index]
        first = self._row(index, start)
        return None if first is None or saves_lr(first) else start

    def _index(self, va: int) -> int | None:
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self._starts[index] + self._entries[index].header.address_range:
            return None
        return index

    def _row(self, index: int, va: int) -> Rules | None:
        table = self._tables.get(index)
        if table is None:
            entry = self._entries[index]
            table = self._tables[index] = unless_malformed(lambda: entry.get_decoded().table, [])
        row = bisect_right(table, va, key=lambda row: row["pc"]) - 1
        return table[row] if row >= 0 else None


def saves_lr(rules: Rules) -> bool:
    """Whether the return address is on the stack."""
    return LR in rules and rules[LR].type == "OFFSET"


def without_saved_lr(rules: Rules) -> Rules:
    """The rules while the return address is still in LR."""
    return {number: rule for number, rule in rules.items() if number != LR}


def unwind(frame: StackFrame, rules: Rules, read: ReadWord) -> StackFrame | None:
    """The caller's frame; None if the rules say there is no caller.  Errors: UnwindError."""
    cfa_rule = rules["cfa"]
    if cfa_rule.reg is None:
        raise UnwindError("its frame is given by an expression")
    cfa = _register(frame, cfa_rule.reg) + cfa_rule.offset
    registers = list(frame.registers)
    registers[SP] = cfa
    for number, rule in rules.items():
        if not isinstance(number, int) or number > LR:
            continue
        if rule.type == "OFFSET":
            registers[number] = word_at(read, cfa + rule.arg)
        elif rule.type == "VAL_OFFSET":
            registers[number] = cfa + rule.arg
        elif rule.type == "REGISTER":
            registers[number] = _register(frame, rule.arg)
        elif rule.type == "UNDEFINED" and number == LR:
            return None
    return caller(registers, registers[LR])


def _register(frame: StackFrame, number: int) -> int:
    """What a core register holds.  Errors: UnwindError, if the rules name any other register."""
    if number > PC:
        raise UnwindError(f"its caller's registers are given by register {number}")
    return frame.registers[number]
