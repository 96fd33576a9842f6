"""Agent expressions: conditions that gdb compiles and the machine evaluates.

A stack machine of 64-bit words.  A breakpoint's packet with any other operation (floating point,
trace buffers) gets an error, and gdb evaluates that condition itself.
Source: "Debugging with GDB", appendix F (The GDB Agent Expression Mechanism).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

LONGEST: Final = 1 << 16
"""The most steps of one evaluation: gdb compiles no loops, but a packet may hold one."""
_MASK: Final = (1 << 64) - 1
_SIGN: Final = 1 << 63


class ExpressionError(ValueError):
    """Code that is damaged, or has an operation that is not supported."""


class Surroundings(NamedTuple):
    """What an expression can read.

    register(number): by gdb's number.  load(va, size): at most 8 bytes.  Errors: LookupError.
    """

    register: Callable[[int], int]
    load: Callable[[int, int], int]


class Step(NamedTuple):
    """One operation.  following: the index of the next."""

    code: int
    operand: int
    following: int


class Expression:
    """A compiled condition.  Errors: ExpressionError, for code that is damaged or not supported."""

    def __init__(self, code: bytes) -> None:
        self._steps: dict[int, Step] = {}
        at = 0
        while at < len(code):
            operation = _OPERANDS.get(code[at])
            if operation is None:
                raise ExpressionError(f"operation {code[at]:#x} is not for here")
            following = at + 1 + operation
            if following > len(code):
                raise ExpressionError("the code ends within an operation")
            operand = int.from_bytes(code[at + 1 : following], "big")
            self._steps[at] = Step(code[at], operand, following)
            at = following

    def value(self, around: Surroundings) -> int:
        """Its value, as a 64-bit word.  Errors: ExpressionError, LookupError."""
        stack: list[int] = []
        at, steps = 0, self._steps
        try:
            for _ in range(LONGEST):
                code, operand, following = steps[at]
                if code == _END:
                    return stack[-1]
                if code in _JUMPS:
                    at = operand if code == _GOTO or stack.pop() else following
                    continue
                _perform(code, operand, stack, around)
                at = following
        except (KeyError, IndexError, ZeroDivisionError) as error:
            raise ExpressionError(f"the code goes wrong at {at}") from error
        raise ExpressionError("the code does not end")


def _perform(code: int, operand: int, stack: list[int], around: Surroundings) -> None:
    binary = _BINARY.get(code)
    if binary is not None:
        right = stack.pop()
        stack[-1] = binary(stack[-1], right) & _MASK
    elif code in _CONSTANTS:
        stack.append(operand)
    elif code in _LOADS:
        stack[-1] = around.load(stack[-1] & 0xFFFFFFFF, _LOADS[code])
    elif code == _REGISTER:
        stack.append(around.register(operand))
    elif code in _UNARY:
        stack[-1] = _UNARY[code](stack[-1], operand) & _MASK
    else:
        _SHUFFLES[code](stack, operand)


def _signed(word: int) -> int:
    return word - (1 << 64) if word & _SIGN else word


def _extended(word: int, bits: int) -> int:
    """The low ``bits`` of a word, sign-extended."""
    low = word & ((1 << bits) - 1)
    return low - (1 << bits) if bits and low >> (bits - 1) else low


def _quotient(left: int, right: int) -> int:
    """The quotient rounded towards zero, as in C."""
    size = abs(_signed(left)) // abs(_signed(right))
    return -size if (left ^ right) & _SIGN else size


def _remainder(left: int, right: int) -> int:
    return _signed(left) - _quotient(left, right) * _signed(right)


_Binary = Callable[[int, int], int]
_BINARY: Final[dict[int, _Binary]] = {
    0x02: lambda left, right: left + right,
    0x03: lambda left, right: left - right,
    0x04: lambda left, right: left * right,
    0x05: _quotient,
    0x06: lambda left, right: left // right,
    0x07: _remainder,
    0x08: lambda left, right: left % right,
    0x09: lambda left, right: left << min(right, 64),
    0x0A: lambda left, right: _signed(left) >> min(right, 64),
    0x0B: lambda left, right: left >> min(right, 64),
    0x0F: lambda left, right: left & right,
    0x10: lambda left, right: left | right,
    0x11: lambda left, right: left ^ right,
    0x13: lambda left, right: left == right,
    0x14: lambda left, right: _signed(left) < _signed(right),
    0x15: lambda left, right: left < right,
}
_UNARY: Final[dict[int, _Binary]] = {
    0x0E: lambda word, _: not word,
    0x12: lambda word, _: ~word,
    0x16: _extended,
    0x2A: lambda word, bits: word & ((1 << bits) - 1),
}
_LOADS: Final = {0x17: 1, 0x18: 2, 0x19: 4, 0x1A: 8}
_IF_GOTO, _GOTO, _REGISTER, _END = 0x20, 0x21, 0x26, 0x27
_JUMPS: Final = (_IF_GOTO, _GOTO)
_CONSTANTS: Final = (0x22, 0x23, 0x24, 0x25)


def _swap(stack: list[int], _: int) -> None:
    stack[-1], stack[-2] = stack[-2], stack[-1]


def _rotate(stack: list[int], _: int) -> None:
    stack[-3:] = [stack[-1], stack[-3], stack[-2]]


def _pick(stack: list[int], depth: int) -> None:
    stack.append(stack[-1 - depth])


def _pop(stack: list[int], _: int) -> None:
    stack.pop()


_SHUFFLES: Final[dict[int, Callable[[list[int], int], None]]] = {
    0x28: lambda stack, _: _pick(stack, 0),
    0x29: _pop,
    0x2B: _swap,
    0x32: _pick,
    0x33: _rotate,
}
_OPERANDS: Final = {
    **dict.fromkeys([*_BINARY, *_LOADS, *_SHUFFLES, *_UNARY, _END], 0),
    0x16: 1, 0x2A: 1, 0x32: 1, 0x22: 1, 0x23: 2, 0x24: 4, 0x25: 8,
    _IF_GOTO: 2, _GOTO: 2, _REGISTER: 2,
}  # fmt: skip
"""Bytes of the operand that follows each operation."""


def conditions(text: bytes) -> Sequence[Expression]:
    """The conditions after the first three fields of a breakpoint's packet: ``X5,0123456789X...``.

    Errors: ExpressionError.
    """
    found: list[Expression] = []
    while text.startswith(b"X"):
        length, _, rest = text[1:].partition(b",")
        size = 2 * int(length, 16)
        if len(rest) < size:
            raise ExpressionError("a condition that ends too soon")
        found.append(Expression(bytes.fromhex(rest[:size].decode())))
        text = rest[size:]
    if text:
        raise ExpressionError(f"{text[:20]!r} is no condition")
    return found
