"""Kinds of option values: sizes."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"(0x[0-9a-f]+|[0-9]+) ?([kmg]?)(?:i?b)?", re.IGNORECASE)


class Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Bytes, as ``64M``, ``0x4000000`` or ``67108864``; whole pages between two bounds."""

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
            self.fail(
                f"{value!r} is not between {self.least >> 20}M and {self.most >> 20}M "
                f"in steps of {self.unit >> 10}K",
                param,
                ctx,
            )
        return size
