"""What the processes that run the tests hold in memory: let go after each file, told at the end.

A machine and its Unicorn are a circle of references, few objects with many MiB behind them, which
the garbage collector leaves alone for long.  So it is called where one file of tests ends.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest

MOST: Final = 500
"""MB of resident memory that a process may take at its largest; more fails the run."""

FOUND: Final = pytest.StashKey[list[int]]()
"""The largest resident memory, in MB, of this process or of each worker."""


def peak() -> int:
    """MB of resident memory that this process took at its largest.  Source: getrusage(2)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = []


def pytest_collection_finish() -> None:
    """The tests themselves stay; the collector need not look at them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Iterator[None]:
    result = yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells its figure to the process that started it; that one judges."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["peak"] = peak()
        return
    if not config.stash[FOUND]:
        config.stash[FOUND].append(peak())
    if max(config.stash[FOUND]) > limit() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Called by pytest-xdist where a worker has ended; one that crashed tells nothing."""
    output = getattr(node, "workeroutput", {})
    if "peak" in output:
        node.config.stash[FOUND].append(output["peak"])


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    largest = max(config.stash[FOUND], default=0)
    over = largest > limit()
    words = f", over the {MOST} MB that a process of the tests may take" if over else ""
    terminalreporter.write_line(f"largest worker: {largest} MB{words}", red=over)


def limit() -> float:
    """MB; a sanitizer's own memory is not counted against the tests."""
    return float("inf") if "asan" in os.environ.get("LD_PRELOAD", "") else MOST
