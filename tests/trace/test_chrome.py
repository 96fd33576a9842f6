"""Chrome traces, read by the rules of the format as its document states them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.guests import ROOT, guest, run_emu
from tests.traced import BACKENDS, built, traced

Event = dict[str, Any]
KINDS = "syscall,map,fault,sched,ipc"


def load(text: str) -> list[Event]:
    """The events of a JSON Object Format trace.  Errors: AssertionError, where it is none."""
    trace = json.loads(text)
    assert trace["displayTimeUnit"] in ("ms", "ns")
    for event in trace["traceEvents"]:
        assert {"ph", "name", "pid", "tid", "args"} <= event.keys()
        assert event["ph"] in "BEXiCMsf"
        assert event["ph"] == "M" or event["ts"] >= 0
        assert event["ph"] != "X" or event["dur"] >= 0
        assert event["ph"] != "i" or event["s"] in "gpt"
    return trace["traceEvents"]


def slices(events: list[Event]) -> dict[tuple[int, int], list[tuple[float, float, str]]]:
    """(start, end, name) of each track, which nest or do not touch."""
    found: dict[tuple[int, int], list[tuple[float, float, str]]] = defaultdict(list)
    begun: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in events:
        track = event["pid"], event["tid"]
        if event["ph"] == "B":
            begun[track].append(event)
        elif event["ph"] == "E":
            begin = begun[track].pop()
            assert begin["name"] == event["name"]
            found[track].append((begin["ts"], event["ts"], event["name"]))
        elif event["ph"] == "X":
            assert not begun[track], "a call while another waits"
            found[track].append((event["ts"], round(event["ts"] + event["dur"], 3), event["name"]))
    for track in found.values():
        track.sort()
        for one, other in pairwise(track):
            assert one[1] <= other[0]
    return found


def test_a_public_parser_reads_every_event() -> None:
    """``chrometrace`` knows each event but not the keys that tie a flow's two ends together."""
    from chrometrace import TraceEvent

    flow_only = {"id", "bp"}
    events = load(traced(guest("scenarios/server"), KINDS, format="chrome"))
    for event in events:
        known = {key: value for key, value in event.items() if key not in flow_only}
        parsed = TraceEvent.from_dict(known).to_dict()
        assert known.items() <= parsed.items()
        assert known == event or event["ph"] in "sf"
    assert {"X", "B", "E", "s", "f", "C", "M"} <= {event["ph"] for event in events}


def of(name: str, mmu: str = "tlb") -> list[Event]:
    return load(traced(built(name), KINDS, mmu, format="chrome"))


@pytest.mark.parametrize("name", ["mapping", "pair", "faulty", "hosted"])
def test_a_trace_follows_the_format(name: str) -> None:
    assert slices(of(name))


def test_a_process_and_each_of_its_tracks_has_a_name() -> None:
    names = {
        (event["pid"], event["tid"], event["name"]): event["args"]["name"]
        for event in of("pair")
        if event["name"] in ("process_name", "thread_name")
    }
    assert names[1, 1, "process_name"] == "process 0"
    assert names[2, 1, "process_name"] == "process 1"
    for pid in (1, 2):
        tracks = [names[pid, tid, "thread_name"] for tid in (1, 2, 3)]
        assert tracks == ["calls", "turns", "messages"]


def test_a_call_is_a_slice_with_its_arguments_and_its_result() -> None:
    (call,) = [event for event in of("mapping") if event["name"] == "console_write"]
    assert call["ph"] == "X"
    assert call["args"]["len"] == "18"
    assert call["args"]["result"] == 18


def test_a_call_that_waits_is_a_slice_until_it_is_answered() -> None:
    tracks = slices(of("pair"))
    waited = [(start, end) for start, end, name in tracks[1, 1] if name == "recv"]
    turns = tracks[2, 2]
    assert len(waited) == 2
    for start, end in waited:
        assert any(start < begun < end for begun, _, _ in turns)


def test_one_process_runs_at_a_time() -> None:
    tracks = slices(of("pair"))
    turns = sorted(tracks[1, 2] + tracks[2, 2])
    assert [name for _, _, name in turns] == ["runs"] * 5
    for one, other in pairwise(turns):
        assert one[1] <= other[0]


def test_a_message_is_an_arrow_between_two_slices() -> None:
    events = of("pair")
    tracks = slices(events)
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert len(starts) == 3
    assert starts.keys() == ends.keys()
    for arrow, event in starts.items():
        end = ends[arrow]
        assert end["bp"] == "e"
        assert event["ts"] < end["ts"]
        assert event["pid"] != end["pid"]
        for side in (event, end):
            track = tracks[side["pid"], side["tid"]]
            assert any(start <= side["ts"] <= stop for start, stop, _ in track)


def test_a_fault_is_an_instant() -> None:
    (fault,) = [event for event in of("faulty") if event["name"].startswith("fault: ")]
    assert (fault["ph"], fault["s"]) == ("i", "p")
    assert fault["args"]["va"] == "0x00000000"
    assert fault["args"]["symbol"] == "_start+0x1e"


def test_frames_owned_are_a_counter() -> None:
    counts = [(event["pid"], event["args"]["frames"]) for event in of("pair") if event["ph"] == "C"]
    assert counts[0] == (1, 8)
    assert (2, 4) in counts  # the L1, the L2, the code and the stack
    assert counts[-1] == (1, 13)


def test_the_backends_draw_the_same() -> None:
    tlb, map_, cpu = (of("pair", mmu) for mmu in BACKENDS)
    assert tlb == map_
    assert tlb == cpu


@pytest.mark.parametrize("limit", [1, 30, 60, 100, 150])
def test_a_run_cut_by_a_limit_leaves_a_whole_file(limit: int, tmp_path: Path) -> None:
    events = load(traced(built("pair"), KINDS, max_insns=limit, format="chrome"))
    assert "runs" in {event["name"] for event in events}


def test_a_run_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    out = tmp_path / "trace.json"
    run = subprocess.Popen(
        [sys.executable, "-m", "emu", "run", "--trace", "all", "--trace-format", "chrome",
         "--trace-out", str(out), str(guest("calls/send"))],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while run.poll() is None and (not out.exists() or out.stat().st_size < 100_000):
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert len(load(out.read_text())) > 100


def test_a_pipe_gets_a_whole_trace() -> None:
    result = run_emu(
        built("pair"),
        options=("--trace", "all", "--trace-format", "chrome", "--trace-out", "/dev/stdout"),
    )
    assert slices(load(result.stdout.decode()))
