"""Signals are here what they are at a terminal, also where the tests run in the background."""

import signal

# A shell lets what it runs in the background ignore SIGINT, and emu would rightly ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = (
    "tests.session.comparing",
    "tests.session.leftovers",
    "tests.session.memory",
    "tests.session.oracles",
)
