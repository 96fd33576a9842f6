"""The benchmarks run and write JSON; what they measure is nobody's business here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guests import ROOT, build_guests

GROUPS = {"compute", "calls", "maps", "switches", "backends", "start-up"}


def benchmarks(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_quick_run_measures_everything(tmp_path: Path) -> None:
    build_guests()
    file = tmp_path / "bench.json"
    run = benchmarks("--quick", "--json", str(file))
    assert run.returncode == 0, run.stderr
    measured = json.loads(file.read_text())
    assert {figure["group"] for figure in measured["figures"]} >= GROUPS
    for figure in measured["figures"]:
        assert figure["what"] in run.stdout
        assert figure["samples"]
        assert all(second >= 0 for turn in figure["samples"].values() for second in turn)
        assert (figure["goal"] is None) == (figure["reached"] is None)


@pytest.mark.parametrize("words", [("nonsense",), ("--json",)])
def test_mistakes_on_the_command_line(words: tuple[str, ...]) -> None:
    run = benchmarks(*words)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
