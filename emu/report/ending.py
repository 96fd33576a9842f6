"""Ends that are no faults and yet mistakes: abort, assertions, exceptions that nothing catches.

A program's library ends it with status 1 there, in most cases without a word; the functions on its
stack say why.
"""

from __future__ import annotations

from itertools import islice
from struct import unpack
from typing import TYPE_CHECKING, Final

from emu.arm.registers import LR, PC, SP
from emu.cpu.registers import THUMB_BIT
from emu.debuginfo.names import demangled
from emu.report.context import Context
from emu.report.heap import heap_text
from emu.report.layout import section
from emu.report.stack import level_lines, levels_of
from emu.unwind import StackFrame, Step, backtrace

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.history import History
    from kernel_model.kernel import Kernel
    from kernel_model.process import Process

_TERMINATE: Final = "std::terminate"
_REASONS: Final = {
    "abort": "abort",
    "__assert_func": "a failed assertion",
    "__stack_chk_fail": "the stack protector: a function's stack was overwritten",
    "__cxa_pure_virtual": "a call of a pure virtual function",
    "_ZSt9terminatev": _TERMINATE,
    "_ZN10__cxxabiv111__terminateEPFvvE": _TERMINATE,
    "__cxa_call_terminate": _TERMINATE,
}
"""By the function's name in the file.  Each but the first calls others of them."""

_SEARCHED: Final = 0x4000
"""Bytes of the stack that are searched for returns to them."""
_FRAMES: Final = 16
"""Frames that are looked through: abort calls few functions."""

_GLOBALS: Final = "_ZN12_GLOBAL__N_110eh_globalsE"
"""libstdc++'s ``__cxa_eh_globals``; its first word points to the exception caught last."""
_HEADER: Final = 120
"""Bytes of a ``__cxa_exception``, behind which the object is (``__ARM_EABI_UNWINDER__``)."""
_WITH_TEXT: Final = ("St13runtime_error", "St11logic_error")
"""Types whose objects have, behind the vtable, a pointer to their text."""
_MOST_BASES: Final = 8
_MORE: Final = " (--ram gives the heap more)"
_LONGEST: Final = 256


def ending_text(
    kernel: Kernel, history: History, debug: DebugFiles, process: Process,
    registers: tuple[int, ...],
) -> str | None:  # fmt: skip
    """Why a process's library ends it, and where; None if it ends by itself.

    A handler of the program's own, for SIGABRT or of ``std::set_terminate``, may do the last step.
    Of another end that is no success, what it says is that the heap was used up, if it was.

    registers: r0-r12, sp, lr, pc, cpsr, in the call that ends it.
    """
    context = Context(kernel, history, debug, process, registers)
    reason = _reason(context, registers)
    heap = heap_text(context)
    if reason is None:
        return None if heap is None else f"emu: process {process.pid}: {heap}"
    thrown = _exception(context) if reason == _TERMINATE else ""
    head = f"emu: process {process.pid} ended by {reason}{thrown}"
    lines = section("backtrace", level_lines(*levels_of(context, registers)))
    if heap is not None and _MORE not in thrown:
        lines += section("heap", [heap])
    return "\n".join([head, *lines])


def _reason(context: Context, registers: tuple[int, ...]) -> str | None:
    """The reason that the outermost of the functions on the stack stands for."""
    if not _may_have_reason(context, registers):
        return None
    start = StackFrame(registers[:16], bool(registers[16] & THUMB_BIT), False)
    reason = None
    for step in islice(backtrace(start, context.file_at, context.read_word), _FRAMES):
        if isinstance(step, Step) and step.file is not None:
            symbol = step.file.symbol_at(step.frame.at)
            reason = _REASONS.get(symbol.linkage, reason) if symbol is not None else reason
    return reason


def _may_have_reason(context: Context, registers: tuple[int, ...]) -> bool:
    """Whether the stack holds a word that may be the address of a return to such a function.

    Most programs that end with a status have none: for them no unwinding table is read.
    """
    file = context.file_at(registers[PC])
    symbols = () if file is None else file.symbols.all
    places = [one for one in symbols if one.linkage in _REASONS]
    words = [registers[PC], registers[LR], *_stack_words(context, registers[SP])]
    return any(one.va <= word <= one.va + one.size for one in places for word in words)


def _stack_words(context: Context, sp: int) -> tuple[int, ...]:
    """The words from SP on, as far as the stack goes and is looked through."""
    view = context.view_at(sp)
    data = context.read(sp, min(view.end - sp, _SEARCHED) & -4) if view is not None else None
    return () if data is None else unpack(f"<{len(data) // 4}I", data)


def _exception(context: Context) -> str:
    """The type and the text of the exception that nothing catches, as far as they are found."""
    file = context.file_at(context.registers[15]) if context.registers else None
    place = None if file is None else file.symbols.named(_GLOBALS)
    thrown = None if place is None else context.read_word(place.va)
    type_info = context.read_word(thrown) if thrown else None
    if not thrown or not type_info:
        return ""
    names = _bases(context, type_info)
    if not names:
        return ""
    said = f", because nothing catches {_type_name(names[0])}"
    if any(name in _WITH_TEXT for name in names):
        text = _string(context, context.read_word(thrown + _HEADER + 4))
        said += f": {text}" if text else ""
    if "St9bad_alloc" in names:
        said += _MORE
    return said


def _bases(context: Context, type_info: int) -> list[str]:
    """The names of a type and of its bases, of which each has at most one.

    Source: Itanium C++ ABI, 2.9.5: the vtable, the name, and of a class with a base its type.
    """
    names: list[str] = []
    at: int | None = type_info
    while at and len(names) < _MOST_BASES:
        name = _string(context, context.read_word(at + 4))
        if not name:
            break
        names.append(name.lstrip("*"))
        at = _single_base(context, at)
    return names


def _single_base(context: Context, type_info: int) -> int | None:
    """The type of a class's only base, if the class says that it has one."""
    vtable = context.read_word(type_info)
    file = context.file_at(context.registers[15]) if context.registers else None
    symbol = None if file is None or vtable is None else file.symbol_at(vtable - 8)
    if symbol is None or symbol.linkage != "_ZTVN10__cxxabiv120__si_class_type_infoE":
        return None
    return context.read_word(type_info + 8)


def _type_name(mangled: str) -> str:
    shown = demangled(f"_ZTI{mangled}")
    return shown.removeprefix("typeinfo for ") if shown != f"_ZTI{mangled}" else mangled


def _string(context: Context, va: int | None) -> str:
    """The text at an address, as far as it can be read and shown."""
    text = bytearray()
    while va and len(text) < _LONGEST:
        byte = context.read(va + len(text), 1)
        if byte is None or byte == b"\0":
            break
        text += byte
    return "".join(one if one.isprintable() else "." for one in text.decode("utf-8", "replace"))
