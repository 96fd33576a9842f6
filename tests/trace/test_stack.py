"""The call stack of a profile, block by block, without a program."""

from __future__ import annotations

from emu.execution.stacks import PLAIN, Node, Place, Stack

PROCESS, MAIN, OTHER, THIRD = range(2, 6)
"""Functions."""


def entry(va: int, function: int) -> Place:
    """A block that a function begins with."""
    return Place(va, va + 4, function, function, PLAIN, True)


def inside(va: int, function: int) -> Place:
    """A block in the middle of a function."""
    return entry(va, function)._replace(is_entry=False)


def stack() -> Stack:
    made = Stack(Node(PROCESS))
    made.go_on(entry(0x8000, MAIN))
    return made


def functions(made: Stack) -> tuple[int, int]:
    return made.parent.function, made.leaf.function


def test_a_jump_that_returns_from_no_call_goes_on_elsewhere() -> None:
    made = stack()
    made.jump(entry(0x9000, OTHER), sp=0x1000)
    assert functions(made) == (PROCESS, OTHER)


def test_a_jump_to_where_a_call_returns_is_a_return() -> None:
    made = stack()
    made.call(entry(0x9000, OTHER), back=0x8010, sp=0x1000)
    assert functions(made) == (MAIN, OTHER)
    made.jump(inside(0x8010, MAIN), sp=0x1000)
    assert functions(made) == (PROCESS, MAIN)
    assert not made.calls


def test_a_jump_to_where_the_first_of_several_calls_returns_leaves_all() -> None:
    made = stack()
    for depth in range(3):
        made.call(entry(0x9000, OTHER), back=0x8010 + depth * 16, sp=0x1000 - depth * 16)
    made.jump(inside(0x8010, MAIN), sp=0x1000)
    assert functions(made) == (PROCESS, MAIN)
    assert not made.calls


def test_a_jump_out_of_a_call_ends_it_in_another_function() -> None:
    made = stack()
    made.call(entry(0x9000, OTHER), back=0x8010, sp=0x1000)
    made.jump(entry(0xA000, THIRD), sp=0x1000)
    assert functions(made) == (MAIN, THIRD)
