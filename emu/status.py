"""Exit statuses of the command besides the guest's own: one list."""

from __future__ import annotations

from typing import Final

USAGE: Final = 2
"""The command line, or a file it names, is wrong."""
OUTPUT_LOST: Final = 74
"""The host took standard input or output away (EX_IOERR of sysexits)."""
NO_MEMORY: Final = 71
"""The host gives no more memory (EX_OSERR of sysexits)."""
DEADLOCK: Final = 123
"""Every process waits, and none can wake another."""
LIMIT: Final = 124
"""A bound, as ``--max-insns``, ended the run (``timeout`` of coreutils has the same status)."""
INTERRUPTED: Final = 130
"""Ctrl-C: 128 + SIGINT, as shells have it."""
FAULT: Final = 139
"""proc0 faulted and no handler took the fault: 128 + SIGSEGV, as shells have it."""
PIPE: Final = 141
"""Whoever read the output has gone: 128 + SIGPIPE, as shells have it."""
TERMINATED: Final = 143
"""SIGTERM, or SIGHUP: 128 + SIGTERM, as shells have it."""
