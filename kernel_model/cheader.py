"""The C side of the contract, written from ``abi`` and a call table: header, stubs, error names.

``python -m kernel_model.cheader DIR`` writes ``DIR/include/kernel.h``, ``DIR/lib/stubs.S`` and
``DIR/lib/error_name.c``.
"""

from __future__ import annotations

import re
import struct
import sys
import textwrap
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from kernel_model import abi
from kernel_model.call import CallRow, CallTable
from kernel_model.operations import Operation
from kernel_model.syscalls import CALLS

_GENERATED = "/* Written by `make header` from kernel_model. Changes here are lost. */"
_C_TYPES = {"i": "int", "I": "unsigned", "s": "char"}
_FIELD = re.compile(r"(\d*)([iIs])")

_ENUMS: tuple[tuple[str, str, type[IntEnum]], ...] = (
    ("FRAME_", "struct frame, type", abi.FrameType),
    ("F_MAP_", "frame_map's flags and frame_unmap's kind: what a frame is mapped as", abi.MapKind),
    ("F_TABLE_", "frame_table's type, and bits 1-2 of t_flags", abi.TableType),
    ("PROC_", "struct proc_info, state", abi.ProcState),
    (
        "DEATH_",
        "struct death, how: by exit, or by a fault; then status is a kind of fault",
        abi.DeathHow,
    ),
    ("FAULT_", "struct fault, kind: what the processor refused", abi.FaultKind),
    ("ANSWER_", "struct fault_answer, answer: try again, end, or go on as told", abi.FaultAnswer),
)

_CONSTANTS: tuple[tuple[str, str, int], ...] = (
    ("F_MAP_READ", "frame_map's flags: the view may be read", abi.MAP_READ),
    ("F_MAP_WRITE", "frame_map's flags: the view may be written", abi.MAP_WRITE),
    ("F_MAP_NOEXEC", "frame_map's flags: nothing in the view is ever executed", abi.MAP_NOEXEC),
    ("F_MAP_KIND_MASK", "the bits of the flags that hold the kind", abi.MAP_KIND_MASK),
    ("FAULT_BIT", "bit of what recv returns: the message is the fault of that process",
     abi.FAULT_BIT),
    ("F_TABLE_MAPPED", "bit of t_flags: the table is installed in another or is a current vspace",
     abi.TABLE_MAPPED),
)  # fmt: skip

_STRUCTS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("frame", "A frame, its place as a table (t_) and its page view (v_); absent ids are NO_ID.",
     abi.FRAME_FIELDS, abi.FRAME_STRUCT),
    ("proc_info", "The start of a process's information page.",
     abi.PROC_INFO_FIELDS, abi.PROC_INFO_STRUCT),
    ("death", "What recv tells with E_PEER_DIED: a child has ended.",
     abi.DEATH_FIELDS, abi.DEATH_STRUCT),
    ("fault", "What recv tells with FAULT_BIT: a process has faulted and waits for our answer. va, "
     "rights (F_MAP_READ, F_MAP_WRITE or 4: execution) and status (as in DFSR) are of its access.",
     abi.FAULT_FIELDS, abi.FAULT_STRUCT),
    ("fault_answer", "What a handler sends back. The rest counts for ANSWER_REDIRECT alone.",
     abi.ANSWER_FIELDS, abi.ANSWER_STRUCT),
    ("boot_info", "The start of the page whose address the first process gets in r0.",
     (*abi.BOOT_INFO_FIELDS, "boot_args"), abi.BOOT_INFO_STRUCT),
)  # fmt: skip


def header(calls: CallTable = CALLS) -> str:
    """The text of ``kernel.h``."""
    parts = [
        f"{_GENERATED}\n#ifndef KERNEL_H\n#define KERNEL_H",
        _call_numbers(calls),
        "#ifndef __ASSEMBLER__ /* the rest is C */",
        "#include <stddef.h>",
        _values(),
        *(_enum(*row) for row in _ENUMS),
        _flags(),
        _errors(),
        *(_struct(*row) for row in _STRUCTS),
        *(_prototype(call) for call in calls),
        _comment("The name of an error, e.g. E_NO_FRAME; never NULL.")
        + "\nconst char *error_name(int error);",
        "#endif /* __ASSEMBLER__ */\n#endif\n",
    ]
    return "\n\n".join(parts)


def stubs(calls: CallTable = CALLS) -> str:
    """The text of ``stubs.S``: one function a call, assembled as Arm or as Thumb alike."""
    rows = "\n".join(f"        stub    {call.c_name}, {call.number}" for call in calls)
    return _STUBS.format(generated=_GENERATED, rows=rows)


def error_names() -> str:
    """The text of ``error_name.c``."""
    rows = "\n".join(f'\t\t[{-error}] = "E_{error.name}",' for error in abi.Error)
    return _ERROR_NAME.format(generated=_GENERATED, rows=rows)


def files(calls: CallTable = CALLS) -> dict[str, str]:
    """What is written where, beneath the directory of the guests."""
    return {
        "include/kernel.h": header(calls),
        "lib/stubs.S": stubs(calls),
        "lib/error_name.c": error_names(),
    }


def _comment(text: str, indent: str = "") -> str:
    """The text as a C comment, wrapped."""
    lines = textwrap.wrap(text, 100 - len(indent) - 6)
    return f"{indent}/* " + f"\n{indent} * ".join(lines) + " */"


def _values() -> str:
    return "\n".join((
        f"#define MESSAGE_SIZE {abi.MESSAGE_SIZE}",
        f"#define NO_ID ({abi.NO_ID}) /* no frame, no process */",
        f"#define KERNEL_VA {abi.KERNEL_VA:#x}u /* the kernel's part begins here */",
    ))  # fmt: skip


def _enum(prefix: str, about: str, members: type[IntEnum]) -> str:
    rows = "\n".join(f"\t{prefix}{member.name} = {int(member):#x}," for member in members)
    return f"{_comment(about)}\nenum {{\n{rows}\n}};"


def _flags() -> str:
    rows = "\n".join(f"\t{name} = {value:#x}, /* {about} */" for name, about, value in _CONSTANTS)
    return f"enum {{\n{rows}\n}};"


def _errors() -> str:
    rows = "\n".join(
        f"\tE_{error.name} = {int(error)}, /* {abi.ERROR_MEANING[error]} */" for error in abi.Error
    )
    about = _comment("Results below zero: the rule that a call would have broken.")
    return f"{about}\nenum error {{\n{rows}\n}};"


def _members(fields: tuple[str, ...], layout: str) -> Iterator[str]:
    """The C declarations of a structure laid out as the struct module's ``layout``."""
    names = iter(fields)
    for count, code in _FIELD.findall(layout):
        if code == "s":
            yield f"\tchar {next(names)}[{count}];"
        else:
            yield from (f"\t{_C_TYPES[code]} {next(names)};" for _ in range(int(count or 1)))


def _struct(name: str, about: str, fields: tuple[str, ...], layout: str) -> str:
    members = "\n".join(_members(fields, layout))
    size = struct.calcsize(layout)
    return (
        f"{_comment(about)}\nstruct {name} {{\n{members}\n}};\n"
        f'_Static_assert(sizeof(struct {name}) == {size}, "the kernel\'s layout of {name}");'
    )


def _call_numbers(calls: CallTable) -> str:
    """As macros, so that assembly programs can include the header for them."""
    rows = "\n".join(f"#define CALL_{call.name.upper()} {call.number}" for call in calls)
    return f"/* The number of each call, in r12 at `svc #0`; for assembly programs, too. */\n{rows}"


def _prototype(call: CallRow) -> str:
    arguments = ", ".join(_declare(a.ctype, a.name) for a in call.arguments) or "void"
    result = "_Noreturn void" if call.operation is Operation.EXIT else "int"
    renamed = f" (the call {call.name})" if call.c_name != call.name else ""
    return f"{_comment(call.summary + renamed)}\n{result} {call.c_name}({arguments});"


def _declare(ctype: str, name: str) -> str:
    return f"{ctype}{name}" if ctype.endswith("*") else f"{ctype} {name}"


_STUBS = """\
{generated}

/* int NAME(...): number in r12, arguments in r0-r3 as they came, result in r0. */
        .syntax unified
        .cfi_sections .debug_frame

        .macro  stub name, number
        .section .text.\\name, "ax", %progbits
        .global \\name
        .type   \\name, %function
\\name:
        .cfi_startproc
        mov     r12, #\\number
        svc     #0
        bx      lr
        .cfi_endproc
        .size   \\name, . - \\name
        .endm

{rows}
"""

_ERROR_NAME = """\
{generated}

#include "kernel.h"

const char *error_name(int error)
{{
	static const char *const names[] = {{
{rows}
	}};
	unsigned index = 0u - (unsigned)error;

	if (index >= sizeof names / sizeof names[0] || names[index] == NULL)
		return "no such error";
	return names[index];
}}
"""


def write(directory: Path, calls: CallTable = CALLS) -> None:
    """Write every generated file beneath ``directory``."""
    for name, text in files(calls).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
