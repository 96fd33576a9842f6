"""Arguments come out of newlib's start code as they went in."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emu.environment.cmdline import LONGEST, command_line, with_program


def split(line: str) -> list[str]:
    """What newlib's rdimon crt0 makes of a line (libgloss/arm/crt0.S, "Parse string at r1")."""
    words, position = [], 0
    while position < len(line):
        first = line[position]
        if first == " ":
            position += 1
            continue
        end_mark = first if first in "\"'" else " "
        start = position + (end_mark != " ")
        end = line.find(end_mark, start)
        end = len(line) if end < 0 else end
        words.append(line[start:end])
        position = end + 1
    return words


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["prog"], b"prog"),
        (["prog", "a", "-b"], b"prog a -b"),
        (["two words"], b'"two words"'),
        (['say "hi" now'], b"'say \"hi\" now'"),
        (["it's", 'a"b'], b"it's a\"b"),
        (["'quoted'"], b"\"'quoted'\""),
        ([""], b'""'),
        (["a\\b", "tab\there"], b"a\\b tab\there"),
        (["caf\u00e9"], "caf\u00e9".encode()),
    ],
)
def test_quotes_only_where_they_are_needed(arguments: list[str], line: bytes) -> None:
    assert command_line(arguments) == line


@given(st.lists(st.text("ab\"' \\-\u00e9", max_size=6)))
def test_every_list_of_arguments_comes_back_or_is_refused(arguments: list[str]) -> None:
    try:
        line = command_line(arguments)
    except ValueError:
        assume(False)
    assert split(line.decode()) == arguments


def test_what_newlib_has_no_way_to_write() -> None:
    with pytest.raises(ValueError, match=r"argument .* needs quotes and has both kinds"):
        command_line(["prog", 'it\'s "so"'])


def test_program_is_named_by_its_path_while_there_is_room() -> None:
    room = "p" * (LONGEST - len("dir/prog "))
    assert with_program("dir/prog", [room]) == ("dir/prog", room)
    assert with_program("dir/prog", [room + "ppp"]) == ("prog", room + "ppp")
    assert with_program("dir/prog", [room + "ppppp"]) == ("dir/prog", room + "ppppp")


def test_program_may_lie_deeper_than_a_command_line_is_long() -> None:
    assert with_program("deep/" * LONGEST + "prog", ["a"]) == ("prog", "a")
