"""``python -m emu``: the command line."""

from emu.cli.start import main

main()
