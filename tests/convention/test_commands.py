"""What the commands say of programs under two conventions, and how they take names of calls."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.convention.other import renamed
from tests.convention.sides import OTHER, STANDARD, command, prepared, programs, same
from tests.guests import guest

MISTAKES = (
    "dead_peer", "missing_l2", "use_after_give", "use_after_unmap", "write_own_table",
    "wrong_flags",
)  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_fault_and_what_is_advised_are_the_same(name: str) -> None:
    """The report, with the lives of frames, the calls that were refused, and hints."""
    said = same(f"mistakes/{name}", "run", "--explain", "--ram", "16M")
    assert re.search(r"^emu: process 0(, call \d+: | faulted: )", said.stderr, re.MULTILINE)


@pytest.mark.parametrize("name", programs("pagers"))
def test_a_pager_is_the_same(name: str) -> None:
    said = same(name, "run", "--ram", "32M", trace="ipc,map")
    assert f"PASS {name.partition('/')[2]}" in said.stdout


@pytest.mark.parametrize("name", ["newlib/heap.thumb-hard", "newlib/kernel/heap"])
def test_a_heap_is_the_same(name: str) -> None:
    """That of semihosting is made by calls of the kernel's, whatever their numbers are."""
    said = same(name, "run", "--ram", "16M", trace="syscall,map")
    assert said.status == 0
    assert re.search(r"map L2 table \d+ ", said.stdout)


@pytest.mark.parametrize("format_", ["text", "jsonl"])
def test_code_and_accesses_are_the_same_but_for_the_numbers(format_: str) -> None:
    words = ("run", "--trace-from", "main", "--trace-format", format_)
    same("programs/hello", *words, trace="insn,block,mem,syscall", plain=NUMBERLESS[format_])


def numberless(pattern: str) -> Callable[[str], str]:
    """What forgets numbers of calls where code loads them."""
    return lambda text: re.sub(pattern, "a call's number", text)


NUMBERLESS = {
    "text": numberless(r"f04f 0c\w\w +mov\.w r12, #\w+"),
    "jsonl": numberless(r'"code":"4ff0\w\w0c","text":"mov\.w r12, #\w+"'),
}


def timeless(text: str) -> str:
    """A summary or statistics without the host's times, in the order of the names."""
    lines = [re.sub(r"[\d.,]+ (s|us)\b.*", "", line) for line in text.splitlines()]
    return "\n".join(sorted(" ".join(line.split()) for line in lines))


def test_summary_and_statistics_are_the_same() -> None:
    said = same("scenarios/server", "run", "--summary", "--stats", plain=timeless)
    assert re.search(r"^  send +\d+ ", said.stderr, re.MULTILINE)
    assert re.search(r"^  process switches +\d+$", said.stderr, re.MULTILINE)


def test_views_are_the_same_at_any_call() -> None:
    for words in (("tables", "--at", "call:40", "--json"), ("frames", "--at", "call:40")):
        assert same("scenarios/siblings", *words).status == 0


def test_calls_are_chosen_by_their_names_of_this_convention() -> None:
    same("calls/frame_map", "run", trace="frame_map,%console,!console_read")
    said = command(OTHER, ["run", "--trace", "frame_map", str(prepared("calls/frame_map"))])
    assert said.status == 2
    assert said.stderr.startswith("emu: there is no trace of 'frame_map': ")


def test_completion_knows_the_names_of_this_convention() -> None:
    for server, name in ((STANDARD, "frame_split"), (OTHER, renamed("frame_split"))):
        words = f"emu run --trace {name[:-3]}"
        env = {"_EMU_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "3"}
        assert name in command(server, [], env=env).stdout


def test_a_program_for_the_standard_calls_does_not_run_here() -> None:
    """Or else the comparisons would compare a thing with itself."""
    said = command(OTHER, ["run", "--stats", str(guest("calls/frame_split"))])
    assert "PASS" not in said.stdout
    assert re.search(r"^  unknown calls +[1-9]", said.stderr, re.MULTILINE)
