"""The rules that lcov 2.0 and later hold a tracefile against, beside what each record must have.

Source: lcov 2.5, lib/lcovutil.pm: ``define_function``, ``_deriveFunctionEndLines``,
``_checkConsistency``, ``isLambda``.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple


class Record(NamedTuple):
    """One source file.  functions: (line, name); calls: by name; lines: count by number."""

    path: str
    functions: list[tuple[int, str]]
    calls: dict[str, int]
    lines: dict[int, int]


def records(tracefile: str) -> list[Record]:
    """All records, whose sums are right."""
    head, *texts = tracefile.split("SF:")
    assert head == "TN:\n"
    return [_record(text) for text in texts]


def _record(text: str) -> Record:
    assert text.endswith("\nend_of_record\n")
    path = text.partition("\n")[0]
    fields = [line.partition(":")[::2] for line in text.splitlines()[1:-1]]
    functions = [_pair(value) for key, value in fields if key == "FN"]
    calls = [_pair(value) for key, value in fields if key == "FNDA"]
    lines = [(int(one), int(two)) for one, two in (_pair(v) for k, v in fields if k == "DA")]
    sums = {key: int(value) for key, value in fields if key not in ("FN", "FNDA", "DA")}
    assert sums == {
        "FNF": len(functions), "FNH": sum(count > 0 for count, _ in calls),
        "LF": len(lines), "LH": sum(count > 0 for _, count in lines),
    }  # fmt: skip
    assert len(dict(lines)) == len(lines)
    return Record(path, functions, {name: count for count, name in calls}, dict(lines))


def _pair(value: str) -> tuple[int, str]:
    number, _, rest = value.partition(",")
    return int(number), rest


def complaints(record: Record) -> list[str]:
    """What lcov says of a record."""
    names = Counter(name for _, name in record.functions)
    found = [f"{name} is defined twice" for name, count in names.items() if count > 1]
    if names.keys() != record.calls.keys():
        found.append("FN and FNDA name different functions")
    by_line: dict[int, list[str]] = {}
    for line, name in sorted(record.functions):
        by_line.setdefault(line, []).append(name)
    kept = {line: names for line, names in by_line.items() if not _is_lambda(names)}
    ends = [*sorted(kept)[1:], max(record.lines, default=0) + 1]
    for (line, own), end in zip(sorted(kept.items()), ends, strict=True):
        called = any(record.calls[name] for name in own)
        counts = [count for number, count in record.lines.items() if line <= number < end]
        if line not in record.lines:
            found.append(f"{own} at {line} has no line there")
        elif called != any(counts):
            found.append(f"{own} at {line} is {'' if called else 'not '}hit, but its lines differ")
    return found


def _is_lambda(names: list[str]) -> bool:
    return all(re.search(r"\{lambda\(", name) for name in names)
