"""JSON lines against their schema, and against the text of the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from emu.decoding.arguments import Value
from emu.trace.events import CallEvent, MessageEvent, Phase
from emu.trace.jsonl import VERSION, JsonLinesFormat
from kernel_model.events import Delivery
from tests.guests import ROOT
from tests.traced import BACKENDS, built, traced

SCHEMA = json.loads((ROOT / "docs" / "traces.schema.json").read_text())
ALL = "syscall,map,fault,sched,ipc,insn,block,mem"


def objects(name: str, mmu: str = "tlb", kinds: str = ALL) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in traced(built(name), kinds, mmu, format="jsonl").splitlines()
    ]


@pytest.mark.parametrize("name", ["mapping", "pair", "faulty", "hosted"])
def test_every_line_is_as_the_schema_says(name: str) -> None:
    validator = Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for item in objects(name):
        validator.validate(item)


def test_the_schema_leaves_nothing_open() -> None:
    validator = Draft202012Validator(SCHEMA)
    good = {item["kind"]: item for name in ("pair", "faulty") for item in objects(name)}
    assert good.keys() == {"trace", *ALL.split(",")}
    for item in good.values():
        assert validator.is_valid(item)
        assert not validator.is_valid({**item, "more": 1})
        for member in item:
            assert not validator.is_valid({key: item[key] for key in item if key != member})


def test_the_first_line_says_what_this_is() -> None:
    assert objects("hosted")[0] == {"kind": "trace", "version": VERSION, "clock": "instructions"}


def test_every_kind_occurs() -> None:
    kinds = {item["kind"] for name in ("pair", "faulty") for item in objects(name)}
    assert kinds == {"trace", *ALL.split(",")}


def test_the_backends_write_the_same() -> None:
    tlb, map_, cpu = (objects("pair", mmu) for mmu in BACKENDS)
    assert tlb == map_
    assert tlb == cpu


def test_time_never_goes_back_and_counts_instructions() -> None:
    times = [item["time"] for item in objects("pair") if "time" in item]
    assert times == sorted(times)
    insns = sum(item["kind"] == "insn" for item in objects("pair"))
    assert times[-1] == insns


def test_there_is_an_object_for_each_line_of_text(tmp_path: Path) -> None:
    text = traced(built("pair"), ALL).splitlines()
    assert len(objects("pair")) == len(text) + 1


def test_a_call_has_its_numbers_its_names_and_its_bytes() -> None:
    found = [item for item in objects("mapping", kinds="syscall") if item["kind"] == "syscall"]
    refused = next(item for item in found if item["error"] == "E_TABLE_NOT_VISIBLE")
    assert refused["result"] == -12
    assert refused["reason"] == "table 1 has no page view in vspace 0"
    assert [value["value"] for value in refused["arguments"]] == [1, 6, 0x20000, 1]
    written = next(item for item in found if item["name"] == "console_write")
    assert bytes.fromhex(written["arguments"][0]["data"]) == b'mapped\tand "gone"\n'


def test_bytes_that_are_none_are_told_as_none() -> None:
    """A buffer of no length was read, which is another thing than one that could not be."""
    read, unread = Value("ptr", 0x20000, "0x00020000", b""), Value("ptr", 0, "0x00000000")
    call = CallEvent(1, 0, "console_write", Phase.WHOLE, (read, unread), 0)
    first, second = json.loads(JsonLinesFormat().event(call))["arguments"]
    assert first["data"] == ""
    assert "data" not in second
    message = MessageEvent(1, 0, 1, b"", Delivery.MESSAGE)
    assert json.loads(JsonLinesFormat().event(message))["data"] == ""
