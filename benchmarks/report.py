"""The figures as a table for people and as JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure
from benchmarks.settings import Settings
from emu.mmu import BACKENDS

CONTESTANTS = ("emu", "unwatched", "plain", "qemu-arm", "qemu-system-arm", *BACKENDS)
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def as_json(
    figures: Iterable[Figure], skipped: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """All results of a run of the benchmarks, and where it was made."""
    return {
        "quick": settings.quick,
        "host": {
            "machine": platform.machine(),
            "processor": _processor(),
            "python": platform.python_version(),
            "unicorn": version("unicorn"),
        },
        "skipped": list(skipped),
        "figures": [figure.plain_data() for figure in figures],
    }


def _processor() -> str:
    """The name of the host's processor, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
            names = [
                line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor()


def print_group(console: Console, group: str, figures: Sequence[Figure], judge: bool) -> None:
    """Print a table with a row for each figure and a column for each contestant.

    judge: whether to say if goals are reached.
    """
    shown = [name for name in CONTESTANTS if any(name in figure.samples for figure in figures)]
    table = Table(title=group, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for name in shown:
        table.add_column(name, justify="right")
    for justify in ("right", "left", "left"):  # the ratio, what it is, the goal
        table.add_column("", justify=justify)
    for figure in figures:
        table.add_row(figure.what, *_times(figure, shown), *_judgement(figure, judge))
    console.print(table)
    for figure in figures:
        for note in figure.notes:
            console.print(f"  {note}", highlight=False)
    console.print()


def _times(figure: Figure, contestants: Iterable[str]) -> list[str]:
    medians = figure.medians
    return [duration(medians[name]) if name in medians else "" for name in contestants]


def _judgement(figure: Figure, judge: bool) -> list[str]:
    """The ratio, its meaning, the goal and whether it is reached; nothing without a ratio."""
    if figure.ratio is None:
        return []
    words = [f"{figure.ratio:.2f}", figure.ratio_is]
    if judge and figure.goal is not None:
        words.append(f"{figure.goal} {'reached' if figure.reached else '[bold red]MISSED[/]'}")
    return words


def duration(seconds: float) -> str:
    """A time with three digits and its unit."""
    size, unit = next((size for size in UNITS if seconds >= size[0]), UNITS[-1])
    value = seconds / size
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {unit}"
