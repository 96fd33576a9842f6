"""The registers of user mode by name, read from a ``State`` and changed in it.

Scripts, debuggers and tests name registers alike: r0 to r15, sp, lr, pc and cpsr; s0 to s31, d0 to
d31 and q0 to q15, which share their bits (Arm ARM DDI 0406C, A2.6.2); fpscr, tpidrurw, tpidruro.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from emu.cpu.registers import CORE, VFP, State

ALIASES: Final = {"r13": "sp", "r14": "lr", "r15": "pc"}
THREAD_IDS: Final = ("tpidrurw", "tpidruro")
"""The software thread registers that user mode can read, in the order of ``State.thread``."""

ALL: Final = (*CORE, *VFP, "fpscr", *THREAD_IDS)
"""Each bit of user mode's registers once."""

_SINGLES: Final = 32
_QUADS: Final = 16


class NamedRegister(NamedTuple):
    """A register: its width in bits, how a state has it, and a state that has another value."""

    bits: int
    read: Callable[[State], int]
    written: Callable[[State, int], State]


def named(name: str) -> NamedRegister:
    """The register of this name.  Errors: KeyError."""
    return _NAMED[name]


def value_of(state: State, name: str) -> int:
    """A register's bits, as an unsigned number.  Errors: KeyError."""
    return _NAMED[name].read(state)


def with_value(state: State, name: str, value: int) -> State:
    """The state with other bits in a register.  Errors: KeyError."""
    register = _NAMED[name]
    return register.written(state, value & (1 << register.bits) - 1)


def _core(index: int) -> NamedRegister:
    return NamedRegister(
        32,
        lambda state: state.core[index],
        lambda state, value: state._replace(core=_with(state.core, index, value)),
    )


def _vfp(first: int, bits: int) -> NamedRegister:
    """The register whose lowest bit is this one of d0 to d31 in a row."""
    mask = (1 << bits) - 1

    def read(state: State) -> int:
        return _row(state.vfp) >> first & mask

    def written(state: State, value: int) -> State:
        row = _row(state.vfp) & ~(mask << first) | value << first
        low = (1 << 64) - 1
        return state._replace(vfp=tuple(row >> 64 * number & low for number in range(len(VFP))))

    return NamedRegister(bits, read, written)


def _row(vfp: tuple[int, ...]) -> int:
    return sum(double << 64 * number for number, double in enumerate(vfp))


def _thread(index: int) -> NamedRegister:
    return NamedRegister(
        32,
        lambda state: state.thread[index],
        lambda state, value: state._replace(thread=_with(state.thread, index, value)),
    )


def _with(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])


_FPSCR: Final = NamedRegister(
    32, lambda state: state.fpscr, lambda state, value: state._replace(fpscr=value)
)

_NAMED: Final[dict[str, NamedRegister]] = {
    **{name: _core(index) for index, name in enumerate(CORE)},
    **{alias: _core(CORE.index(name)) for alias, name in ALIASES.items()},
    **{name: _vfp(64 * number, 64) for number, name in enumerate(VFP)},
    **{f"s{number}": _vfp(32 * number, 32) for number in range(_SINGLES)},
    **{f"q{number}": _vfp(128 * number, 128) for number in range(_QUADS)},
    "fpscr": _FPSCR,
    **{name: _thread(index) for index, name in enumerate(THREAD_IDS)},
}
