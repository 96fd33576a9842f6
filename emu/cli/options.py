"""The options that every command that runs a guest takes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from emu.machine.machine import DEFAULT_RAM, Options
from emu.mmu import BACKENDS

CLOCKS = ("instructions", "host")
_CENTURY = 100 * 366 * 24 * 3600
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_THOUSANDS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_COUNT = re.compile(r"([0-9]+)([kmg]?)", re.IGNORECASE)
_SIZE = re.compile(r"(0x[0-9a-f]+|[0-9]+) ?([kmg]?)(?:i?b)?", re.IGNORECASE)


class Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Bytes, as ``64M``, ``0x4000000`` or ``67108864``: whole pages between two bounds."""

    name = "size"

    def __init__(self, least: int, most: int, unit: int) -> None:
        self.least, self.most, self.unit = least, most, unit

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is not a size; write it like 64M", param, ctx)
        size = int(match[1], 0) * _UNITS[match[2].upper()]
        if not self.least <= size <= self.most or size % self.unit:
            steps = f" in steps of {self.unit >> 10}K" if self.unit > 1 else ""
            bounds = f"{self.least >> 20}M and {self.most >> 20}M"
            self.fail(f"{value!r} is not between {bounds}{steps}", param, ctx)
        return size


class Count(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A count of at least one, as ``1000``, ``10k``, ``2M`` or ``1G``, in powers of 1000."""

    name = "count"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        count = parse_count(str(value))
        if count is None or not count:
            self.fail(f"{value!r} is not a count of at least 1; write it like 10M", param, ctx)
        return count


def parse_count(text: str) -> int | None:
    """A count with or without a suffix, or None."""
    match = _COUNT.fullmatch(text)
    return None if match is None else int(match[1]) * _THOUSANDS[match[2].upper()]


class Seconds(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A time in seconds, greater than 0 and at most a hundred years."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            seconds = float(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        if not 0 < seconds <= _CENTURY:  # false of a NaN, too
            self.fail(f"{value!r} seconds is no time to wait", param, ctx)
        return seconds


class GuestOptions(NamedTuple):
    """The program to run and how.  files: the directory beneath which it may open files, or None.

    symbols: ELF files besides the program that name the addresses of its children.
    clock: one of ``CLOCKS``.
    """

    program: str
    arguments: tuple[str, ...]
    options: Options
    files: str | None
    symbols: tuple[str, ...]
    explain: bool
    clock: str


_PARAMETERS = (
    click.argument("program", metavar="PROG", type=click.Path()),
    click.argument("arguments", metavar="[-- ARGS...]", nargs=-1, type=click.UNPROCESSED),
    click.option(
        "--ram",
        type=Size(2 << 20, 1 << 30, 1 << 12),
        default=DEFAULT_RAM,
        show_default="128M",
        help="How much RAM the machine has.",
    ),
    click.option(
        "--mmu",
        type=click.Choice(BACKENDS),
        default=BACKENDS[0],
        show_default=True,
        help="How Unicorn is kept in step with the page tables.",
    ),
    click.option(
        "--max-insns",
        type=Count(),
        metavar="N",
        default=None,
        help="Stop after N instructions; 10M are ten million.",
    ),
    click.option(
        "--max-output",
        type=Size(0, 1 << 40, 1),
        default=None,
        help="Stop when more than this would be written to standard output and standard error.",
    ),
    click.option(
        "--timeout",
        type=Seconds(),
        metavar="SECONDS",
        default=None,
        help="Stop after this much time.",
    ),
    click.option(
        "--clock",
        type=click.Choice(CLOCKS),
        default=CLOCKS[0],
        show_default=True,
        help="Whether the program's clock goes by its instructions or by the host's.",
    ),
    click.option("--check", is_flag=True, help="Check all invariants of the kernel after calls."),
    click.option(
        "--explain",
        is_flag=True,
        help="Say of each refused call, and each fault told to a handler, what broke which rule.",
    ),
    click.option(
        "--files",
        type=click.Path(),
        metavar="DIR",
        default=None,
        help="Let the program open files beneath DIR (semihosting).",
    ),
    click.option(
        "--symbols",
        type=click.Path(),
        metavar="ELF",
        multiple=True,
        help="A program that PROG starts, for names in reports; may be repeated.",
    ),
)


def guest_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these parameters; it gets them as its first argument, a GuestOptions."""

    @functools.wraps(command)
    def with_guest(
        *,
        program: str,
        arguments: tuple[str, ...],
        ram: int,
        mmu: str,
        max_insns: int | None,
        max_output: int | None,
        timeout: float | None,
        check: bool,
        explain: bool,
        files: str | None,
        symbols: tuple[str, ...],
        clock: str,
        **rest: Any,
    ) -> Any:
        options = Options(ram, mmu, max_insns or 0, timeout, check, max_output=max_output)
        guest = GuestOptions(program, arguments, options, files, symbols, explain, clock)
        return command(guest, **rest)

    for parameter in reversed(_PARAMETERS):
        with_guest = parameter(with_guest)
    return with_guest
