"""Flame graphs: boxes that tell of a profile what it holds, in a file with nothing to fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emu.profile.flamegraph import boxes, flame_html, flame_svg
from emu.profile.tree import Node
from tests.guests import guest, run_emu


def tree() -> Node:
    """main calls f, which is half of all, and <g>."""
    root = Node("")
    main = root.child("process 0").child("main")
    main.instructions = 100
    main.child("f").instructions = 300
    main.child('<g> & "h"').instructions = 200
    return root


def drawn(text: str) -> list[dict[str, str]]:
    return [dict(box.attrib) for box in ElementTree.fromstring(text).iter()
            if "data-name" in box.attrib]  # fmt: skip


def test_boxes_are_as_wide_as_what_is_in_them() -> None:
    found = {box.name: box for box in boxes(tree())}
    assert [(box.total, box.own) for box in found.values()] == [
        (600, 0), (600, 0), (600, 100), (300, 300), (200, 200),
    ]  # fmt: skip
    shown = {box["data-name"]: box for box in drawn(flame_svg(tree(), "prog"))}
    assert [float(box["data-w"]) for box in shown.values()] == [1200, 1200, 1200, 600, 400]
    assert float(shown["f"]["data-x"]) == 400  # <g> comes first by name
    assert float(shown["f"]["data-y"]) < float(shown["main"]["data-y"])
    assert "<title>f: 300 instructions, 50.0%</title>" in flame_svg(tree(), "prog")
    assert "<title>main: 600 instructions, 100.0%; 100 of its own</title>" in flame_svg(tree(), "p")


def test_what_is_too_narrow_is_left_out() -> None:
    root = tree()
    root.children["process 0"].child("small").instructions = 0
    assert "small" not in flame_svg(root, "prog")
    assert "all" in flame_svg(Node(""), "a program that did nothing")


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_the_file_holds_what_the_stacks_hold(tmp_path: Path, suffix: str) -> None:
    program, out = guest("newlib/hanoi.thumb-hard"), tmp_path / f"out.{suffix}"
    run_emu(program, options=("--profile", str(tmp_path / "stacks")))
    stacks = (tmp_path / "stacks").read_text().splitlines()
    counted = [line.rpartition(" ") for line in stacks]
    run = run_emu(program, options=("--profile", str(out)))
    assert run.returncode == 0
    text = out.read_text()
    total = sum(int(count) for *_, count in counted)
    assert f": {total:,} instructions</text>" in text
    assert not re.search(r"(src|href|url)\s*[=(]", text.replace("xmlns=", ""))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    if suffix == "svg":
        names = {box["data-name"] for box in drawn(text)}
        wide = {line.rpartition(";")[2] for line, _, count in counted if int(count) > total / 1000}
        assert {name for name in wide if "process" not in name} <= names
    else:
        parser = HTMLParser()
        parser.feed(text)
        assert text.startswith("<!DOCTYPE html>\n")


def test_the_same_run_draws_the_same() -> None:
    assert flame_html(tree(), "prog") == flame_html(tree(), "prog")
