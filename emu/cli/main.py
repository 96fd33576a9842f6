"""The command ``emu``, which fails with one line on standard error and exit status 2."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from emu import __version__, native, status
from emu.cli.command import Group, print_text
from emu.cli.errors import UserError
from emu.cli.streams import occupy_closed_streams

COMMANDS = {
    "run": "emu.cli.run",
    "replay": "emu.cli.replay",
    "why": "emu.cli.why",
    "tables": "emu.cli.tables",
    "frames": "emu.cli.frames",
    "core": "emu.cli.core",
    "disasm": "emu.cli.disasm",
    "symbols": "emu.cli.symbols",
    "gdb": "emu.cli.gdb",
    "new": "emu.cli.sdk:new",
    "cc": "emu.cli.sdk:cc",
    "c++": "emu.cli.sdk:cxx",
    "sdk": "emu.cli.sdk:sdk",
    "completion": "emu.cli.completion",
    "man": "emu.cli.manpage",
}
"""Each command: its module, imported when it is used, and its name there."""

EPILOG = """\b
Examples:
  emu run hello.elf                     run a program
  emu run prog.elf -- one "two three"   with arguments
  emu run --mmu cpu --check prog.elf    on Unicorn's own Arm MMU, checking the kernel
  emu run --stats prog.elf              and say what it took
  emu run --explain prog.elf            and why calls were refused
  emu run --record run.rec prog.elf     record it
  emu replay run.rec                    and run it again, without its files and its input
  emu why run.rec --write total         who stored there
  emu tables --at fault prog.elf        what was mapped when it faulted
  emu frames prog.elf                   who owned what when it ended
  emu core -o prog.core prog.elf        a core file for gdb of a fault

Exit status: the guest's own; 2 for mistakes on the command line; 71 the host has no
memory left; 74 standard input or output is lost, as by a full disk; 123 deadlock;
124 --max-insns, --max-output or --timeout; 130 Ctrl-C; 139 a fault of the first
process; 141 whoever read the output is gone; 143 SIGTERM or SIGHUP.
"""


class LazyGroup(Group):
    """A group that imports a command only when it is used, to start quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name or "command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of this name.  Errors: click.UsageError, which suggests another name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            meant = get_close_matches(name, COMMANDS, 1)
            if name.endswith(".elf") or os.path.isfile(name):
                ctx.fail(f"There is no command {name!r}; to run a program: emu run {name}")
            if meant:
                ctx.fail(f"There is no command {name!r}; did you mean {meant[0]}?")
        return super().resolve_command(ctx, args)


def _made_of_unicorn() -> str:
    """Whether runs do without the checks that Unicorn adds to loads and stores, and how alignment
    is checked where that takes long."""
    from emu.cpu import exit_checks
    from emu.cpu.alignment_checks import NativeAlignment
    from emu.cpu.engine import Engine

    core = Engine()  # the first is tried out
    said = ", without Unicorn's exit checks" if exit_checks.are_left_out() else ""
    if not isinstance(core.alignment, NativeAlignment):
        said += ", alignment checked by a hook for each instruction (slow)"
    return said


def _show_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        print_text(f"emu, version {__version__}, with hooks in {native.USED}{_made_of_unicorn()}")
        ctx.exit()


_SETTINGS = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings=_SETTINGS)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the version and exit.",
)  # fmt: skip
def cli() -> None:
    """Run Arm programs on a kernel that gives them memory as frames."""


def main(args: list[str] | None = None) -> int:
    """Run the command; a user's mistake is reported in one line.  The exit status."""
    occupy_closed_streams()
    try:
        result: Any = cli.main(args, prog_name="emu", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return UserError.exit_code
    except click.UsageError as error:
        hint = f" (see '{error.ctx.command_path} --help')" if error.ctx is not None else ""
        return _complain(f"{error.format_message()}{hint}", error.exit_code)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except MemoryError:
        return _complain("the host has no memory left", status.NO_MEMORY)
    return result if isinstance(result, int) else 0


def _complain(text: str, exit_status: int) -> int:
    click.echo(f"emu: {' '.join(text.split())}", err=True)
    return exit_status
