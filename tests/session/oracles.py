"""The last line of a run: which tests were skipped because a tool to compare with is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import pytest

TOOLS: Final = {
    "bwrap", "cmake", "dot", "gdb-multiarch", "genhtml", "jq", "lcov", "man", "qemu-arm",
}  # fmt: skip
"""What tools/setup-oracles installs."""

_MISSING: Final = re.compile(r"(\S+) is not installed|no (C\+\+ library) for ")


def missing(reason: str) -> str | None:
    """The tool that a test was skipped for, if that is its reason."""
    found = _MISSING.search(reason)
    return found and (found[1] or found[2])


def last_line(reasons: Iterable[str]) -> str | None:
    """What to say of tests that were skipped for these reasons; None if no tool was missing."""
    tools = [tool for reason in reasons if (tool := missing(reason))]
    if not tools:
        return None
    names = ", ".join(sorted(set(tools)))
    tests = f"{len(tools)} test" + "s" * (len(tools) > 1)
    installs = TOOLS | {"C++ library"} >= set(tools)
    hint = "; `make oracles` installs them" if installs else ""
    return f"skipped for want of {names}: {tests}{hint}"


def reason_of(report: Any) -> str:
    """Why a test was skipped, as its report has it: (file, line, text)."""
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Behind pytest's own last line."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    line = last_line(reason_of(report) for report in reporter.stats.get("skipped", ()))
    if line is not None:
        reporter.write_line(line, yellow=True)
