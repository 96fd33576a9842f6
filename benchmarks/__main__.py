"""``python -m benchmarks``: measure, print a table, write JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console

from benchmarks.backends import backends
from benchmarks.calls import calls
from benchmarks.compute import compute, system
from benchmarks.debugger import debugger
from benchmarks.figures import Figure, goals_missed
from benchmarks.maps import maps
from benchmarks.past import past
from benchmarks.programs import ROOT
from benchmarks.qemu import SYSTEM, USER
from benchmarks.report import as_json, print_group
from benchmarks.settings import Settings
from benchmarks.shapes import shapes
from benchmarks.short import short
from benchmarks.startup import startup
from benchmarks.switches import switches
from benchmarks.traces import traces
from benchmarks.working import working

GROUPS: dict[str, Callable[[Settings], Iterator[Figure]]] = {
    "compute": compute,
    "system": system,
    "working": working,
    "calls": calls,
    "short": short,
    "maps": maps,
    "switches": switches,
    "shapes": shapes,
    "backends": backends,
    "start-up": startup,
    "traces": traces,
    "debugger": debugger,
    "past": past,
}

WIDTH = 112
"""The width of the tables in columns, whatever the width of standard output."""


@click.command()
@click.argument("groups", metavar="[GROUP]...", nargs=-1, type=click.Choice(tuple(GROUPS)))
@click.option("--quick", is_flag=True, help="Only see that everything works.")
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "bench.json",
    show_default="build/bench.json",
    help="Where to write the figures.",
)
def main(groups: tuple[str, ...], quick: bool, file: Path) -> None:
    """Measure every GROUP, or just these.

    They are: compute, system, working, calls, short, maps, switches, shapes, backends, start-up,
    traces, debugger.
    """
    settings, console = Settings(quick), Console()
    console.width = max(console.width, WIDTH)
    skipped = [
        f"{qemu.command}: not installed (Debian package {qemu.package})"
        for qemu in (USER, SYSTEM)
        if qemu.path is None
    ]
    for line in skipped:
        console.print(f"skipped: {line}", highlight=False)
    figures: list[Figure] = []
    for group in groups or GROUPS:
        measured = list(GROUPS[group](settings))
        print_group(console, group, measured, judge=not quick)
        figures += measured
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(as_json(figures, skipped, settings), indent=1) + "\n")
    for figure in [] if quick else goals_missed(figures):
        console.print(f"missed: {figure.group}, {figure.what}: {figure.ratio:.2f}, {figure.goal}")


if __name__ == "__main__":
    try:
        main()
    except FileNotFoundError as error:
        raise SystemExit(f"benchmarks: {error}") from error
