"""The call stack of a profile, block by block, without a program."""

from __future__ import annotations

from emu.profile.stack import Node, Place, Stack

MAIN, OTHER = Place(0x8000, "main", True), Place(0x9000, "other", True)


def stack() -> Stack:
    made = Stack(Node("process 0"))
    made.go_on(MAIN)
    return made


def names(made: Stack) -> tuple[str, str]:
    return made.parent.name, made.leaf.name


def test_a_jump_where_nobody_waits_goes_on_elsewhere() -> None:
    made = stack()
    made.jump(OTHER, sp=0x1000)
    assert names(made) == ("process 0", "other")


def test_a_jump_to_who_waits_is_a_return() -> None:
    made = stack()
    made.call(OTHER, back=0x8010, sp=0x1000)
    assert names(made) == ("main", "other")
    made.jump(Place(0x8010, "main", False), sp=0x1000)
    assert names(made) == ("process 0", "main")
    assert not made.frames


def test_a_jump_to_the_first_of_several_who_wait_leaves_all() -> None:
    made = stack()
    for depth in range(3):
        made.call(OTHER, back=0x8010 + depth * 16, sp=0x1000 - depth * 16)
    made.jump(Place(0x8010, "main", False), sp=0x1000)
    assert names(made) == ("process 0", "main")
    assert not made.frames


def test_a_jump_out_of_a_call_ends_it_in_another_function() -> None:
    made = stack()
    made.call(OTHER, back=0x8010, sp=0x1000)
    made.jump(Place(0xA000, "third", True), sp=0x1000)
    assert names(made) == ("main", "third")
