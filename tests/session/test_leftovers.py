"""A test that leaves something in the temporary directory fails, and the next one does not."""

from __future__ import annotations

from pathlib import Path

from tests.session.conftest import Run

LEAVE = """\
import subprocess, sys, tempfile
def test_one(): tempfile.mkdtemp(prefix="one-")
def test_two():
    subprocess.run([sys.executable, "-c", "import tempfile; tempfile.mkstemp(prefix='two-')"])
def test_three(tmp_path):
    tempfile.TemporaryDirectory().cleanup()
"""


def test_what_a_test_leaves_fails_it(run_of: Run, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    said = run_of(LEAVE, "-q", TMPDIR=str(tmp_path / "temporary"))
    assert "left in the temporary directory: ['one-" in said
    assert "left in the temporary directory: ['two-" in said
    assert "3 passed, 2 errors" in said, said
    kept = [path.name.partition("-of-")[0] for path in (tmp_path / "temporary").iterdir()]
    assert kept == ["pytest"]
