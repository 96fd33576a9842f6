"""Which calls a trace has: by name or class, without some, only the failed, from main on."""

from __future__ import annotations

import json
import re

import pytest

from emu.trace.selection import CallChoice, TraceError, call_classes, parse_selection
from kernel_model.syscalls import CALLS
from tests.guests import emu_command, guest, run_emu

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
