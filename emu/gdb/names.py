"""The calls' names for gdb's ``catch syscall``: a data directory with the kernel's calls.

gdb takes the names from a file in its data directory, chosen by the target's system.
Source: "Debugging with GDB", 20.6 (data files), syscalls/gdb-syscalls.dtd.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from kernel_model.call import CallTable

SYSTEM = "GNU/Linux"
"""The system that the target claims to be: on a system unknown to gdb, it catches no calls."""
_FILE = "arm-linux.xml"


def names_document(calls: CallTable) -> str:
    """The table of calls as gdb reads it; the groups are those of the table."""
    rows = "".join(
        f'  <syscall name="{call.name}" number="{call.number}" groups="{",".join(call.groups)}"/>\n'
        for call in calls
    )
    head = '<?xml version="1.0"?>\n<!DOCTYPE syscalls_info SYSTEM "gdb-syscalls.dtd">\n'
    return f"{head}<syscalls_info>\n{rows}</syscalls_info>\n"


def data_directory(debugger: str, home: Path, calls: CallTable) -> Path:
    """A data directory for this gdb with these calls in place of Linux's, kept in ``home``.

    All else in it is the debugger's own.  Errors: OSError.
    """
    said = subprocess.run(
        [debugger, "-nx", "-batch", "-ex", "show data-directory"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    _, _, rest = said.partition('"')
    own = Path(rest.rpartition('"')[0])
    document = names_document(calls)
    place = home / f"gdb-{sha256(f'{own}{document}'.encode()).hexdigest()[:12]}"
    if not place.is_dir():
        _build(place, own, document)
    return place


def _build(place: Path, own: Path, document: str) -> None:
    """Make the directory in one step, because several commands may make it at a time."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(dir=place.parent, prefix=".gdb-"))
    try:
        (made / "syscalls").mkdir()
        for entry in own.iterdir() if own.is_dir() else ():
            if entry.name != "syscalls":
                (made / entry.name).symlink_to(entry)
        for entry in (own / "syscalls").glob("*"):
            if entry.name != _FILE:
                (made / "syscalls" / entry.name).symlink_to(entry)
        (made / "syscalls" / _FILE).write_text(document)
        made.chmod(0o755)
        os.rename(made, place)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not place.is_dir():
            raise
