"""Conditions that the machine evaluates, by their bytes; test_gdb.py has them from gdb."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.gdb.expressions import Expression, ExpressionError, Surroundings, conditions

MEMORY = bytes(range(1, 33))


def register(number: int) -> int:
    if number > 15:
        raise LookupError(number)
    return 100 + number


def load(address: int, size: int) -> int:
    data = MEMORY[address : address + size]
    if len(data) < size:
        raise LookupError(address)
    return int.from_bytes(data, "little")


AROUND = Surroundings(register, load)


def value(code: str) -> int:
    return Expression(bytes.fromhex(code)).value(AROUND)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("2205 2203 02 27", 8), ("2205 2203 03 27", 2), ("2203 2205 03 27", 2**64 - 2),
        ("2205 2203 04 27", 15), ("2207 2202 06 27", 3), ("2207 2202 08 27", 1),
        ("2201 2208 09 27", 256), ("2201 2280 09 27", 0),
        ("22f0 1608 2202 05 27", 2**64 - 8), ("22f1 1608 2202 07 27", 2**64 - 1),
        ("22f0 1608 2202 0a 27", 2**64 - 4), ("22f0 1608 2202 0b 27", 2**62 - 4),
        ("2200 0e 27", 1), ("2205 0e 27", 0), ("2200 12 27", 2**64 - 1),
        ("220c 220a 0f 27", 8), ("220c 220a 10 27", 14), ("220c 220a 11 27", 6),
        ("2205 2205 13 27", 1), ("2205 2206 13 27", 0),
        ("22ff 1608 2201 14 27", 1), ("22ff 1608 2201 15 27", 0), ("2201 2202 15 27", 1),
        ("22ff 1608 27", 2**64 - 1), ("22ff 1608 2a08 27", 255), ("227f 1608 27", 127),
        ("2200 17 27", 1), ("2200 18 27", 0x201), ("2200 19 27", 0x04030201),
        ("2204 1a 27", 0x0C0B0A0908070605), ("25 ffffffff00000004 17 27", 5),
        ("26000d 27", 113), ("23 1234 27", 0x1234), ("24 12345678 27", 0x12345678),
        ("25 0123456789abcdef 27", 0x0123456789ABCDEF),
        ("2201 200008 2209 27 220b 27", 11), ("2200 200008 2209 27 220b 27", 9),
        ("2205 28 02 27", 10), ("2205 2206 29 27", 5), ("2205 2203 2b 03 27", 2**64 - 2),
        ("2201 2202 3201 27", 1), ("2201 2202 2203 33 27", 2), ("2201 2202 2203 33 29 27", 1),
        ("2201 2202 2203 33 29 29 27", 3),
        ("2201 200008 2207 27 00 2209 27", None), ("210003 2207 27", 7),
    ],
)  # fmt: skip
def test_each_operation(code: str, expected: int | None) -> None:
    """As the manual defines it; the stack holds words of 64 bits."""
    if expected is None:
        with pytest.raises(ExpressionError):
            value(code)
    else:
        assert value(code) == expected


@pytest.mark.parametrize(
    "code",
    ["", "2205", "27", "02 27", "2205 02 27", "22", "2205 2200 05 27", "2205 2200 08 27",
     "1d 27", "1c 27", "0c 27", "34 27", "ff", "210000", "2205 3205 27", "2201 2a",
     "210009 27"],
)  # fmt: skip
def test_code_that_is_damaged_or_not_for_us(code: str) -> None:
    with pytest.raises(ExpressionError):
        value(code)


@pytest.mark.parametrize("code", ["2264 17 27", "2220 17 27", "260010 27"])
def test_what_is_not_there(code: str) -> None:
    with pytest.raises(LookupError):
        value(code)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_word_or_an_error(code: bytes) -> None:
    try:
        got = Expression(code).value(AROUND)
    except (ExpressionError, LookupError):
        return
    assert 0 <= got < 1 << 64


def test_the_conditions_of_a_packet() -> None:
    found = conditions(b"X3,220527X4,22052203X1,27"[:-5])
    assert [len(one._steps) for one in found] == [2, 2]
    assert conditions(b"") == []


@pytest.mark.parametrize(
    "damaged", [b"X3,2205", b"X1,2", b"Y", b"X,", b"X1,zz", b"X2,2705junk", b"X1,ff"]
)
def test_damaged_conditions(damaged: bytes) -> None:
    try:
        conditions(damaged)
    except ValueError:
        return
    pytest.fail("it is taken")
