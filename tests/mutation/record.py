"""Which tests execute which lines of the machine, and how long each of them takes.

A plugin of pytest: ``-p tests.mutation.record``, with the directory to write to in ``EMU_RECORD``.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest

VARIABLE = "EMU_RECORD"


class Recorder:
    """Of one process that runs tests."""

    def __init__(self, directory: Path) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self._times = directory / f"times.{worker}.json"
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=str(directory / f"lines.{worker}"), source=["emu"], config_file=False,
            messages=False,
        )  # fmt: skip
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if not report.passed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        passed = {
            test: seconds for test, seconds in self._seconds.items() if test not in self._failed
        }
        self._times.write_text(json.dumps(passed))


def pytest_configure(config: pytest.Config) -> None:
    is_controller = getattr(config.option, "dist", "no") != "no" and not hasattr(
        config, "workerinput"
    )
    if not is_controller:
        config.pluginmanager.register(Recorder(Path(os.environ[VARIABLE])))


class Record(NamedTuple):
    """What tests do.

    seconds: of each that passed.  tests: those that execute a line, by file and line.
    """

    seconds: dict[str, float]
    tests: dict[str, dict[int, list[str]]]

    def of_module(self, path: str) -> set[str]:
        """The tests that execute anything of a file."""
        by_line = self.tests.get(path, {})
        return {test for tests in by_line.values() for test in tests} & self.seconds.keys()

    def of_lines(self, path: str, first: int, last: int) -> set[str]:
        """The tests that execute one of these lines, or else the nearest line before them."""
        by_line = self.tests.get(path, {})
        for start in range(first, max(first - 12, 0), -1):
            found = {test for line in range(start, last + 1) for test in by_line.get(line, ())}
            if found := found & self.seconds.keys():
                return found
        return self.of_module(path)


def read_record(directory: Path, root: Path) -> Record:
    """What was recorded there, of a source tree at ``root``."""
    seconds: dict[str, float] = {}
    for times in sorted(directory.glob("times.*.json")):
        seconds |= json.loads(times.read_text())
    tests: dict[str, dict[int, list[str]]] = {}
    for lines in sorted(directory.glob("lines.*")):
        data = coverage.CoverageData(str(lines))
        data.read()
        for file in data.measured_files():
            mine = tests.setdefault(str(Path(file).relative_to(root)), {})
            for line, names in data.contexts_by_lineno(file).items():
                mine.setdefault(line, []).extend(name for name in names if name)
    return Record(seconds, tests)
