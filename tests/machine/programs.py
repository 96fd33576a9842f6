"""Small programs as words, for machines of a few MiB, and what became of their runs."""

from __future__ import annotations

from typing import Any, NamedTuple

from emu.environment.world import ScriptedWorld
from emu.machine import Machine, Options, Outcome
from emu.machine.fault import Fault
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.syscalls import CALLS
from tests.observing import OnFault

CODE, DATA = 0x10000, 0x20000
RAM = 4 << 20
SVC, SVC_EQ = 0xEF000000, 0x0F000000
UDF = 0xE7F000F0


def movw(register: int, value: int) -> int:
    return 0xE3000000 | (value >> 12 & 0xF) << 16 | register << 12 | value & 0xFFF


def movt(register: int, value: int) -> int:
    return movw(register, value) + 0x00400000


def load(register: int, value: int) -> tuple[int, int]:
    """A register's 32 bits: movw, movt."""
    return movw(register, value & 0xFFFF), movt(register, value >> 16)


def call(name: str, *arguments: int) -> tuple[int, ...]:
    """A call of the kernel's with these constants for arguments."""
    words: tuple[int, ...] = ()
    for register, value in enumerate(arguments):
        words += load(register, value & 0xFFFFFFFF)
    return (*words, movw(12, CALLS.named(name).number), SVC)


def arm(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in words)


def thumb(*halves: int) -> bytes:
    return b"".join(half.to_bytes(2, "little") for half in halves)


class Ran(NamedTuple):
    """A machine that has run, how that ended, and its faults."""

    machine: Machine
    outcome: Outcome
    faults: list[Fault]

    @property
    def fault(self) -> Fault:
        (fault,) = self.faults
        return fault


def machine_of(code: bytes, entry: int = CODE, writable: bool = False, **options: Any) -> Machine:
    """A machine about to run ``code`` at CODE, with two pages of data at DATA."""
    rights = READ | EXEC | (WRITE if writable else 0)
    image = Image(
        (Segment(CODE, len(code), code, rights), Segment(DATA, 0x2000, b"", READ | WRITE)), entry
    )
    return Machine(image, ScriptedWorld(), Options(**{"ram": RAM, **options}))


def run(code: bytes, entry: int = CODE, writable: bool = False, **options: Any) -> Ran:
    """Run such a program to its end."""
    machine = machine_of(code, entry, writable, **options)
    faults: list[Fault] = []
    machine.observers.add(OnFault(faults.append))
    return Ran(machine, machine.run(), faults)
