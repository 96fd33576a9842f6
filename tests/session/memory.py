"""What the processes that run the tests hold in memory: let go as it grows, told at the end.

A machine and its Unicorn are a circle of references: few objects that hold many MiB, which the
garbage collector leaves alone for long, and which the C library does not give back by itself.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

MOST: Final = 500
"""MB of resident memory that a process should not exceed; the summary says where one did."""

GROWTH: Final = 150
"""MB by which a process may grow before what is garbage is let go."""

STATUS: Final = Path("/proc/self/statm")

FOUND: Final = pytest.StashKey[list[tuple[int, str]]]()
"""The largest resident memory, in MB, of this process or of each worker, and in which test."""
KEEPER: Final = pytest.StashKey["Keeper"]()


def peak() -> int:
    """MB of resident memory that this process took at its largest.  Source: proc(5), getrusage(2).

    What getrusage says may be of the process that this one was forked from.
    """
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        if found is not None:
            return int(found[1]) * 1024 // 1_000_000
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000


def resident() -> int:
    """MB of resident memory that this process takes now; 0 where the host does not say."""
    try:
        pages = STATUS.read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize() // 1_000_000


def let_go() -> None:
    """Give back to the host what nothing refers to any more."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc
    if trim is not None:
        trim(0)


class Keeper:
    """Lets go whenever the process has grown since it last did.

    at: the test in which the process was at its largest.
    """

    def __init__(self) -> None:
        self._least = resident()
        self._most = peak()
        self.at = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        result = yield
        most = peak()
        if most > self._most:
            self._most, self.at = most, item.nodeid
        if nextitem is not None and resident() > self._least + GROWTH:
            let_go()
            self._least = resident()
        return result


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """The tests themselves stay; the collector need not look at them again."""
    gc.collect()
    gc.freeze()
    keeper = session.config.stash[KEEPER] = Keeper()
    session.config.pluginmanager.register(keeper)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells its figure to the process that started it."""
    config = session.config
    keeper = config.stash.get(KEEPER, None)
    found = peak(), keeper.at if keeper else ""
    if hasattr(config, "workeroutput"):
        config.workeroutput["peak"] = found
    elif not config.stash[FOUND]:
        config.stash[FOUND].append(found)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Called by pytest-xdist where a worker has ended; one that crashed tells nothing."""
    output = getattr(node, "workeroutput", {})
    if "peak" in output:
        node.config.stash[FOUND].append(tuple(output["peak"]))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    largest, test = max(config.stash[FOUND], default=(0, ""))
    over = largest > limit()
    words = f", over the {MOST} MB that it should take, in {test}" if over else ""
    terminalreporter.write_line(f"largest worker: {largest} MB{words}", red=over)


def limit() -> float:
    """MB; a sanitizer's own memory is not counted against the tests."""
    return float("inf") if "asan" in os.environ.get("LD_PRELOAD", "") else MOST
