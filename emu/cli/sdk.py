"""``emu cc``, ``emu c++``, ``emu new`` and ``emu sdk``: building programs for the kernel."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import click

from emu.cli.command import Command
from emu.cli.errors import user_errors
from emu.cli.streams import note, standard_output
from emu.sdk.sources import SdkError

_COMPILER = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}

CC_EPILOG = """\b
Examples:
  emu cc prog.c -o prog.elf
  emu cc -O2 -g -Wall a.c b.c -lm -o prog.elf
  emu cc --bare prog.c -o prog.elf         without newlib: kernel.h and console.h only
"""
NEW_EPILOG = """\b
Examples:
  emu new hello && cd hello && make run
"""
SDK_EPILOG = """\b
Examples:
  arm-none-eabi-gcc $(emu sdk --cflags) prog.c $(emu sdk --libs) -o prog.elf
  cmake -B build -DCMAKE_TOOLCHAIN_FILE=$(emu sdk --toolchain)
"""


def _compile(language: str, arguments: tuple[str, ...], bare: bool) -> int:
    from emu.sdk.compiler import command
    from emu.sdk.library import sdk

    with user_errors(None, SdkError):
        words = command(sdk(), language, arguments, bare)
    with user_errors(words[0]):
        return subprocess.run(words, check=False).returncode


_arguments = click.argument("arguments", metavar="ARGS...", nargs=-1, type=click.UNPROCESSED)
_bare = click.option("--bare", is_flag=True, help="Without newlib, with emu's own small C library.")


@click.command(cls=Command, epilog=CC_EPILOG, context_settings=_COMPILER)
@_bare
@_arguments
def cc(arguments: tuple[str, ...], bare: bool) -> int:
    """Compile and link C for the kernel: arm-none-eabi-gcc with all that it must be told.

    ARGS are the compiler's own.  Each source is C, C++ or assembly by its suffix.  The SDK's
    headers are found, and the program is linked with newlib on the kernel's own calls.
    """
    return _compile("cc", arguments, bare)


@click.command(
    "c++", cls=Command, epilog=CC_EPILOG.replace("emu cc", "emu c++"), context_settings=_COMPILER
)
@_bare
@_arguments
def cxx(arguments: tuple[str, ...], bare: bool) -> int:
    """Compile and link C++ for the kernel: arm-none-eabi-g++ with all that it must be told."""
    return _compile("c++", arguments, bare)


@click.command(cls=Command, epilog=NEW_EPILOG)
@click.argument("directory", metavar="DIR", type=click.Path())
def new(directory: str) -> None:
    """Write a starter project into DIR: a program, a Makefile, a CMakeLists.txt and a test."""
    from emu.sdk.starter import write_project

    with user_errors(directory, SdkError):
        names = write_project(Path(directory))
    note(f"wrote {', '.join(names)} into {directory}; go on with: cd {directory} && make run")


@click.command(cls=Command, epilog=SDK_EPILOG)
@click.option("--cflags", is_flag=True, help="Flags to compile with.")
@click.option("--libs", is_flag=True, help="Flags to link with.")
@click.option("--specs", is_flag=True, help="The file for -specs=.")
@click.option("--include", is_flag=True, help="The directory of the headers.")
@click.option("--cmake", is_flag=True, help="The directory of the CMake package.")
@click.option("--toolchain", is_flag=True, help="The toolchain file for CMake.")
@_bare
def sdk(bare: bool, **asked: bool) -> None:
    """Say where the SDK is and how to use it from other builds; the first use builds it."""
    from emu.sdk.library import sdk as built

    with user_errors(None, SdkError):
        kit = built()
    answers = {
        "cflags": shlex.join(kit.cflags()),
        "libs": shlex.join(kit.libs(bare)),
        "specs": str(kit.specs),
        "include": str(kit.include),
        "cmake": str(kit.cmake),
        "toolchain": str(kit.toolchain),
    }
    with standard_output() as stream:
        if any(asked.values()):
            stream.write(" ".join(answers[name] for name in answers if asked[name]) + "\n")
        else:
            stream.writelines(f"{name:<10} {text}\n" for name, text in answers.items())
