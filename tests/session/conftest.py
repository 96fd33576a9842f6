"""Runs of pytest in a process of their own, as somebody sees them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guests import ROOT

Run = Callable[..., str]


@pytest.fixture
def run_of(tmp_path: Path) -> Run:
    """Runs a file of tests with what ``tests/conftest.py`` brings; what that prints.

    words: options.  environment: variables besides ours.
    """

    def run(text: str, *words: str, **environment: str) -> str:
        (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
        (tmp_path / "test_here.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
        kept = {key: text for key, text in os.environ.items() if not key.startswith("PYTEST")}
        done = subprocess.run(
            command, cwd=tmp_path, env={**kept, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return f"{done.stdout}status {done.returncode}"

    return run
