"""Calls of the kernel as text: with the names of their arguments, as C programs write them."""

from __future__ import annotations

from typing import NamedTuple

from emu.decoding.arguments import Decoder
from emu.machine.history import BOOT, FAULT, SEMIHOSTING, Act
from kernel_model.kernel import Kernel
from kernel_model.process import Process


class Advice(NamedTuple):
    """A call to make: its name and arguments."""

    name: str
    arguments: tuple[int, ...]


def advise(name: str, *arguments: int) -> Advice:
    """A call to make."""
    return Advice(name, arguments)


def advice_text(kernel: Kernel, process: Process, advice: Advice) -> str:
    """A call to make, as a line of C would have it, with names for its arguments."""
    return call_text(kernel, process, kernel.calls.named(advice.name).number, advice.arguments)


def call_text(kernel: Kernel, process: Process, number: int, words: tuple[int, ...]) -> str:
    """A call with its arguments decoded, e.g. ``frame_unmap(f_id=9, F_MAP_PAGE)``."""
    call = kernel.calls.find(number)
    if call not in kernel.calls:
        return f"call number {number}"
    values = Decoder(kernel, process).values(call.arguments, words)
    shown = (value.text if value.is_plain else f"{value.name}={value.text}" for value in values)
    return f"{call.name}({', '.join(shown)})"


def act_text(kernel: Kernel, process: Process, act: Act) -> str:
    """Who did it and what, e.g. ``process 0's call 33, frame_unmap(f_id=9, F_MAP_PAGE)``."""
    count, pid, number, *words = act
    if number == BOOT:
        return "the boot"
    if number == FAULT:
        return f"the end of process {pid}, which faulted after call {count}"
    if number == SEMIHOSTING:
        return f"process {pid}'s semihosting after call {count}"
    return f"process {pid}'s call {count}, {call_text(kernel, process, number, tuple(words))}"
