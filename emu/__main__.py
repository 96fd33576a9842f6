"""``python -m emu``: the command line."""

from emu.cli.main import main

main()
