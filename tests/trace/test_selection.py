"""Which calls a trace has: by name or class, without some, only the failed, from main on."""

from __future__ import annotations

import json
import re

import pytest

from emu.environment.world import ScriptedWorld
from emu.trace.selection import KINDS, CallChoice, TraceError, call_classes, parse_selection
from emu.trace.summary import Summary
from kernel_model.syscalls import CALLS
from tests.guests import emu_command, guest, run_emu
from tests.machine.rig import Guest

EVENTS = ("syscall", "map", "fault", "sched", "ipc")
CALL = re.compile(r"^\[\d+\](?: #(\d+))?(?: @(\d+))? (?:<\.\.\. )?(\w+)")


def chosen(text: str) -> tuple[tuple[str, ...], CallChoice]:
    return parse_selection(text, "text", CALLS)


def lines(*options: str, program: str = "calls/frame_map") -> list[str]:
    run = run_emu(guest(program), options=options)
    return [line for line in run.stderr.decode().splitlines() if line.startswith("[")]


def names(*options: str, program: str = "calls/frame_map") -> set[str]:
    found = (CALL.match(line) for line in lines(*options, program=program))
    return {match[3] for match in found if match is not None}


@pytest.mark.parametrize(
    ("text", "kinds", "calls"),
    [
        ("syscall,frame_map", ("syscall",), CallChoice()),
        ("frame_map", ("syscall",), CallChoice(frozenset(("frame_map",)))),
        ("map,frame_map", ("syscall", "map"), CallChoice(frozenset(("frame_map",)))),
        ("!frame_map", ("syscall",), CallChoice(None, frozenset(("frame_map",)))),
        ("all,!insn,!block,!mem", EVENTS, CallChoice()),
        ("!insn,!block,!mem", EVENTS, CallChoice()),
        ("%console,!console_read", ("syscall",),
         CallChoice(frozenset(("console_write", "console_read")), frozenset(("console_read",)))),
    ],
)  # fmt: skip
def test_words(text: str, kinds: tuple[str, ...], calls: CallChoice) -> None:
    assert chosen(text) == (kinds, calls)


@pytest.mark.parametrize("text", ["frame_mop", "%frames", "!nothing", "!all"])
def test_what_is_no_word_is_named(text: str) -> None:
    with pytest.raises(TraceError, match=f"^there is no trace of '{text.strip('!')}': "):
        chosen(text)


EVERYTHING = {(kind, "") for kind in KINDS if kind != "syscall"} | {
    ("syscall", name) for known in call_classes(CALLS).values() for name in known
}
"""What a trace may have: kinds of events, and calls."""


def meant(word: str) -> set[tuple[str, str]]:
    """What one word stands for."""
    classes = call_classes(CALLS)
    if word == "all":
        return EVERYTHING
    if word in KINDS:
        return {one for one in EVERYTHING if one[0] == word}
    names = classes[word[1:]] if word.startswith("%") else [word]
    return {("syscall", name) for name in names}


def arithmetic(*words: str) -> set[tuple[str, str]]:
    """What words ask for, as sets: those that are named, or all of their sort, without some."""
    named = [meant(word) for word in words if not word.startswith("!")]
    without = [meant(word[1:]) for word in words if word.startswith("!")]
    if not named:
        has_kind = any(word[1:] in KINDS for word in words)
        named = [EVERYTHING if has_kind else meant("syscall")]
    return set().union(*named).difference(*without)


def had(*words: str) -> set[tuple[str, str]]:
    """What a trace has that is asked for by these words."""
    try:
        kinds, calls = chosen(",".join(words))
    except TraceError:
        return set()  # for nothing is left
    return {
        one
        for one in EVERYTHING
        if one[0] in kinds and (one[0] != "syscall" or calls.wants(one[1]))
    }


WORDS = [*KINDS, *(f"%{name}" for name in call_classes(CALLS)), *(call.name for call in CALLS)]


@pytest.mark.parametrize("first", ["", "all", *KINDS, "%ipc", "frame_map", "SYS_WRITE"])
def test_words_are_added_and_left_out_like_sets(first: str) -> None:
    """Each with each other one, as it is and with ! before it."""
    for second in WORDS:
        for words in ((first, second), (first, f"!{second}"), (f"!{second}", first)):
            asked = [word for word in words if word]
            assert had(*asked) == arithmetic(*asked), asked


@pytest.mark.parametrize("left_out", KINDS)
def test_a_kind_and_a_call_are_left_out_together(left_out: str) -> None:
    for kind in KINDS:
        for call in CALLS:
            words = (kind, f"!{left_out}", f"!{call.name}")
            assert had(*words) == arithmetic(*words), words
            assert had(*words[1:]) == arithmetic(*words[1:]), words[1:]


def test_nothing_left_is_a_mistake() -> None:
    with pytest.raises(TraceError, match=r"^nothing to trace is left$"):
        chosen("sched,!sched")


def test_every_call_is_in_a_class_and_what_classes_there_are() -> None:
    classes = call_classes(CALLS)
    assert list(classes) == ["console", "frame", "ipc", "process", "semihosting"]
    assert {call.name for call in CALLS} <= {name for known in classes.values() for name in known}
    assert classes["ipc"] == ["send", "recv", "fault_handler", "call", "reply"]


def test_a_class_and_all_but_one_of_it() -> None:
    everything = names("--trace", "syscall")
    frames = names("--trace", "%frame")
    assert frames == {name for name in everything if name.startswith(("frame_", "vspace_"))}
    assert names("--trace", "%frame,!frame_info") == frames - {"frame_info"}
    assert names("--trace", "!frame_info") == everything - {"frame_info"}
    assert names("--trace", "frame_map,exit") == {"frame_map", "exit"}


def test_semihosting_is_a_class_too() -> None:
    found = names("--trace", "%semihosting,!SYS_WRITE", program="newlib/hello.thumb-hard")
    assert "SYS_EXIT_EXTENDED" in found or "SYS_EXIT" in found
    assert "SYS_WRITE" not in found


def test_only_those_that_failed() -> None:
    found = lines("--trace", "syscall", "--trace-only-failed")
    assert found
    assert all(re.search(r"\) = E_[A-Z_0-9]+ \(", line) for line in found)
    everything = lines("--trace", "syscall")
    assert found == [line for line in everything if ") = E_" in line]


def test_calls_have_the_numbers_by_which_a_machine_is_stopped() -> None:
    path = guest("calls/frame_map")
    number = next(CALL.match(line)[1] for line in lines("--trace", "frame_map"))
    shown = emu_command("frames", "--at", f"call:{number}", str(path), "--json")
    before = emu_command("frames", "--at", f"call:{int(number) - 1}", str(path), "--json")
    views = [
        sum(frame["view"] is not None for frame in json.loads(one.stdout)["frames"])
        for one in (before, shown)
    ]
    assert views[1] == views[0] + 1
    found = [CALL.match(line)[1] for line in lines("--trace", "syscall")]
    assert found == [str(at) for at in range(1, len(found) + 1)]


def test_instructions_are_told_where_they_are_counted() -> None:
    assert not any(" @" in line for line in lines("--trace", "syscall"))
    counted = lines("--trace", "syscall", "--max-insns", "10000000")
    times = [int(CALL.match(line)[2]) for line in counted]
    assert times == sorted(times)
    assert times[0] > 0


def test_a_trace_from_main_has_no_start_up() -> None:
    from_main = lines("--trace", "insn,syscall", "--trace-from", "main", program="programs/hello")
    everything = lines("--trace", "insn,syscall", program="programs/hello")
    assert "<main>" in from_main[0]
    assert "<_start>" in everything[0]
    plain = [re.sub(r" @\d+", "", line) for line in everything]
    assert [re.sub(r" @\d+", "", line) for line in from_main] == plain[-len(from_main) :]


def test_where_a_trace_is_to_begin_must_be_there() -> None:
    path = guest("programs/hello")
    run = run_emu(path, options=("--trace", "syscall", "--trace-from", "nobody"))
    assert run.returncode == 2
    assert run.stderr == f"emu: {path}: has no function nobody\n".encode()


def test_a_run_that_ends_before_has_no_trace() -> None:
    options = ("--trace", "syscall", "--trace-from", "main", "--max-insns", "3")
    run = run_emu(guest("programs/hello"), options=options)
    assert run.returncode == 124
    assert run.stderr.startswith(b"emu: stopped after 3 instructions (--max-insns)\n")


def test_a_summary_counts_calls_and_errors() -> None:
    run = run_emu(guest("calls/frame_map"), options=("--summary",))
    rows = [line.split() for line in run.stderr.decode().splitlines()]
    assert rows[0] == ["call", "calls", "errors", "time", "each", "share"]
    counts = {row[0]: int(row[1].replace(",", "")) for row in rows[1:]}
    made = lines("--trace", "syscall")
    assert counts["frame_map"] == sum(CALL.match(line)[3] == "frame_map" for line in made)
    assert counts["all"] == len(made)
    failed = {row[0]: int(row[2]) for row in rows[1:] if row[2].isdecimal()}
    assert failed["frame_map"] == sum(
        CALL.match(line)[3] == "frame_map" and " = E_" in line for line in made
    )


def test_a_summary_counts_semihosting() -> None:
    run = run_emu(guest("newlib/hello.thumb-hard"), options=("--summary",))
    assert re.search(rb"^  SYS_WRITE +\d+ ", run.stderr, re.MULTILINE)


@pytest.mark.parametrize("option", [("--trace-only-failed",), ("--trace-from", "main")])
def test_what_belongs_to_a_trace_needs_one(option: tuple[str, ...]) -> None:
    run = run_emu(guest("programs/hello"), options=option)
    assert run.returncode == 2
    assert run.stderr == f"emu: {option[0]} needs --trace KINDS\n".encode()


READS = """
        mov     r5, #0
1:      mov     r0, #7                  @ SYS_READC
        svc     #0x123456
        add     r5, r5, #1
        cmp     r0, #0
        bge     1b
        mov     r0, r5
        call    exit
"""


def test_the_end_of_the_input_is_no_error_of_a_summary() -> None:
    """SYS_READC says -1 there, and an operation that cannot fail has no errors."""
    guest, summary = Guest(READS, world=ScriptedWorld(b"abc")), Summary()
    guest.machine.observers.add(summary)
    assert guest.run().status == 4
    rows = {row.name: (row.calls, row.errors) for row in summary.rows()}
    assert rows == {"SYS_READC": (4, 0), "exit": (1, 0)}
