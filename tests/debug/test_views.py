"""The views: what they show is what the kernel and the tables hold."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from emu.views.dot import tree_dot
from emu.views.frames import frame_data
from emu.views.installed import table_runs
from emu.views.memorysvg import memory_svg
from emu.views.tables import table_data
from emu.views.tree import tree_lines
from emu.views.treesvg import tree_svg
from kernel_model.descriptors import (
    AP_USER_RO,
    AP_USER_RW,
    NORMAL,
    Coarse,
    LargePage,
    Section,
    SmallPage,
    Supersection,
    user_rights,
)
from kernel_model.kernel import Kernel
from kernel_model.memory import Ram
from kernel_model.walk import mapped, walk
from tests.debug.golden import check_documented, check_golden
from tests.debug.rig import machine_for
from tests.guests import emu_command, guest, need_tool

SVG = "{http://www.w3.org/2000/svg}"


def ended(name: str) -> Kernel:
    """The kernel of a program that has run to its end."""
    machine = machine_for(guest(name))
    machine.run()
    return machine.kernel


def test_tables_golden() -> None:
    run = emu_command("tables", str(guest("programs/hello")))
    check_golden("tables.txt", run.stdout.decode())
    check_documented("tables.txt")


def test_frames_golden() -> None:
    program = str(guest("mistakes/use_after_give"))
    run = emu_command("frames", "--at", "fault", program)
    assert run.returncode == 0
    check_golden("frames.txt", run.stdout.decode())
    check_documented("frames.txt")


def test_runs_are_what_the_walk_finds() -> None:
    """Every page of every run translates as the run says, and no page outside does."""
    kernel = ended("programs/hello")
    l1_pa = kernel.l1_pa(kernel.processes[0])
    pages = set()
    for run in mapped(kernel.memory, l1_pa):
        for offset in range(0, run.size, 0x1000):
            found = walk(kernel.memory, l1_pa, run.va + offset)
            assert (found.pa, found.user, found.kernel) == (run.pa + offset, run.user, run.kernel)
            pages.add(run.va + offset)
    assert len(pages) > 1000
    for va in range(0, 1 << 32, 0x1000 * 251):
        assert (walk(kernel.memory, l1_pa, va).fault is None) == (va in pages)


def test_runs_of_every_kind_of_entry() -> None:
    ram = Ram(0x80000000, 0x100000)
    l1, l2 = 0x80000000, 0x80004000
    ram.write_word(l1 + 4, Section(0x80000000, AP_USER_RW, 1, NORMAL).encode())
    ram.write_word(l1 + 8, Section(0x80100000, AP_USER_RW, 1, NORMAL).encode())
    for n in range(16):
        super_ = Supersection(0x81000000, AP_USER_RO, 0, NORMAL)
        ram.write_word(l1 + 4 * (16 + n), super_.encode())
        ram.write_word(l2 + 4 * n, LargePage(0x80010000, AP_USER_RO, 1, NORMAL).encode())
    ram.write_word(l1 + 12, Coarse(l2).encode())
    ram.write_word(l2 + 4 * 16, SmallPage(0x80020000, AP_USER_RO, 1, NORMAL).encode())
    ram.write_word(l1 + 16, Coarse(0x90000000).encode())  # a table where nothing is
    shown = [(run.va, run.size, run.pa, run.kind) for run in mapped(ram, l1)]
    assert shown == [
        (0x100000, 0x200000, 0x80000000, "section"),
        (0x300000, 0x10000, 0x80010000, "large page"),
        (0x310000, 0x1000, 0x80020000, "small page"),
        (0x1000000, 0x1000000, 0x81000000, "supersection"),
    ]
    found = [(one.entry, one.entries, one.table) for one in table_runs(ram, l1)]
    assert found == [(3, 1, l2), (4, 1, 0x90000000)]


def test_json_of_tables() -> None:
    run = emu_command("tables", "--json", "--pid", "0", str(guest("programs/hello")))
    [process] = json.loads(run.stdout)["processes"]
    assert process == json.loads(json.dumps(table_data(*with_proc0(ended("programs/hello")))))
    code = process["runs"][0]
    assert (code["va"], code["user"], code["kind"]) == (0x10000, "r-x", "small page")


def with_proc0(kernel: Kernel) -> tuple[Kernel, object]:
    return kernel, kernel.processes[0]


def test_json_of_frames_covers_all_memory() -> None:
    run = emu_command("frames", "--json", str(guest("programs/hello")))
    data = json.loads(run.stdout)
    ram = data["ram"]
    frames = [frame for frame in data["frames"] if frame["type"] != "IO"]
    assert sum(frame["len"] for frame in frames) == ram["len"] - ram["kernel"]
    assert {frame["owner"] for frame in frames} == {0}
    roles = [frame.pop("role") for frame in data["frames"]]
    assert roles[:3] == ["L1 table", "L2 table", "L2 table"]
    assert roles[4:] == ["code", "read-only data", "data", "stack", "memory", "device"]
    plain = json.loads(json.dumps(frame_data(ended("programs/hello"))))
    for frame in plain["frames"]:
        del frame["role"]
    assert data == plain


def test_dot_is_what_graphviz_reads(tmp_path: Path) -> None:
    kernel = ended("mistakes/dead_peer")
    text = tree_dot(kernel)
    edges = set(re.findall(r"f(\d+) -> f(\d+)", text))
    expected = {
        (str(table.f_id), str(f_id))
        for table in kernel.frames.values()
        for f_id in (*table.views, *table.installed)
    }
    assert edges == expected
    dot = need_tool("dot")
    drawn = subprocess.run([dot, "-Tplain"], input=text, capture_output=True, text=True, check=True)
    assert drawn.stdout.startswith("graph ")
    assert drawn.stdout.count("\nnode ") == len(kernel.frames)


@pytest.mark.parametrize("draw", [tree_svg, memory_svg])
def test_drawings_name_every_frame(draw: object) -> None:
    assert callable(draw)
    kernel = ended("mistakes/dead_peer")
    root = ElementTree.fromstring(draw(kernel))
    assert root.tag == f"{SVG}svg"
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    for f_id in kernel.frames:
        assert re.search(rf"\b(frame|table|device|process|pool) {f_id}\b", words), f_id


@pytest.mark.parametrize("draw", [tree_svg, memory_svg])
def test_drawings_keep_to_the_page(draw: object) -> None:
    assert callable(draw)
    root = ElementTree.fromstring(draw(ended("programs/hello")))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = [box for box in root.iter(f"{SVG}rect") if not box.attrib["width"].endswith("%")]
    assert len(boxes) > 5
    for box in boxes:
        assert 0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"])
        assert 0 <= float(box.attrib["y"]) <= height - float(box.attrib["height"])


def test_memory_drawing_is_to_scale() -> None:
    """The pieces on the left lie in the order of addresses and together are all RAM."""
    kernel = ended("programs/hello")
    root = ElementTree.fromstring(memory_svg(kernel))
    strips = [box for box in root.iter(f"{SVG}rect") if box.attrib.get("stroke") == "none"]
    at = float(strips[0].attrib["y"])
    for strip in strips:
        assert float(strip.attrib["y"]) == pytest.approx(at, abs=0.2)
        at = float(strip.attrib["y"]) + float(strip.attrib["height"])
    total = at - float(strips[0].attrib["y"])
    free = max(kernel.frames.values(), key=lambda frame: frame.len)
    largest = max(float(strip.attrib["height"]) for strip in strips)
    assert largest / total == pytest.approx(free.len / kernel.memory.size, abs=0.01)


def test_tree_shows_every_mapping_once() -> None:
    kernel = ended("mistakes/dead_peer")
    lines = [line for line in tree_lines(kernel) if re.match(r"[| ]*[|`]-", line)]
    links = sum(len(table.views) + len(table.installed) for table in kernel.frames.values())
    assert len(lines) == links


def test_views_show_rights_as_the_tables_have_them() -> None:
    kernel = ended("programs/hello")
    l1_pa = kernel.l1_pa(kernel.processes[0])
    seen = [frame for frame in kernel.frames.values() if frame.is_viewed]
    assert seen
    for frame in seen:
        entry = walk(kernel.memory, l1_pa, kernel.view_va(frame)).steps[-1].entry
        assert isinstance(entry, SmallPage)
        assert user_rights(entry) == frame.view_rights


def test_many_frames_are_shown_by_kinds_and_all_in_json() -> None:
    program = str(guest("library/hosted_heap"))
    rows = emu_command("frames", program).stdout.decode().split("\nmappings\n")[0].splitlines()[2:]
    everything = json.loads(emu_command("frames", "--json", program).stdout)["frames"]
    shown = [int(row.split()[3]) if re.match(r" *\d+\.\.\d+ ", row) else 1 for row in rows]
    assert sum(shown) == len(everything) > 100
    assert len(rows) < len(everything)
    assert max(shown) >= 4
    at = ("--at", "call:4000")
    tree = emu_command("frames", *at, str(guest("scenarios/greedy"))).stdout.decode()
    assert re.search(r", frames \d+\.\.\d+ \(1\d\d x 4K\)", tree.splitlines()[-1])
    assert "\n  |  |- 0x00010000 frame 4 (12K) r-x\n" in tree
    assert sum(frame["role"] == "heap" for frame in everything) > 50


@pytest.mark.parametrize(
    ("variables", "escapes"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False),
                               ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)  # fmt: skip
def test_a_terminal_has_colours_and_whole_addresses(
    variables: dict[str, str], escapes: bool
) -> None:
    """Whatever its width: none is cut."""
    ours, theirs = os.openpty()
    program = str(guest("programs/hello"))
    plain = emu_command("frames", program).stdout.decode()
    environment = {**os.environ, "COLUMNS": "40", **variables}
    command = [sys.executable, "-m", "emu", "frames", program]
    run = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            text += piece
    os.close(ours)
    assert run.wait() == 0
    assert (b"\x1b[3" in text) is escapes
    found = re.findall(r"0x[0-9a-f]{8}", re.sub(r"\x1b\[[0-9;]*m", "", text.decode()))
    assert found == re.findall(r"0x[0-9a-f]{8}", plain)


@pytest.mark.parametrize("form", ["text", "dot", "svg", "svg-memory"])
def test_records_and_lent_vspaces_are_named(form: str) -> None:
    """A record by its process, who shares a vspace, and each stack there by its own process."""
    program = str(guest("mistakes/either"))
    run = emu_command("frames", "--at", "fault", "--as", form, program, "--", "e", "t")
    text = run.stdout.decode()
    assert "vspace of processes 0, 1 and 2" in text
    for pid in (1, 2):
        record = re.compile(rf"frame \d+ (?:of process {pid}: |\()record of process {pid}\b")
        assert record.search(text)
    if form == "text":
        assert re.search(r"L1, current of 0, 1, 2 .* L1 table$", text, re.MULTILINE)
        for pid in (0, 1, 2):
            assert re.search(rf" rw- +stack of process {pid}$", text, re.MULTILINE)
        assert "heap" not in text


def test_the_record_of_a_process_that_has_ended_is_named() -> None:
    """Its parent has it until it hears of the end."""
    run = emu_command("frames", str(guest("mistakes/cycle")), "--", "e", "s1", "s2")
    text = run.stdout.decode()
    assert re.search(r"PROC .*  record of process 1, which has ended$", text, re.MULTILINE)
    assert re.search(r"frame \d+ \(record of process 1, which has ended\)", text)
