"""``emu frames``: who owns which frames, and the tree of mappings."""

from __future__ import annotations

from typing import TextIO

import click

from emu.arm.registers import SP
from emu.cli.at import Moment, at_option, run_until
from emu.cli.command import Command
from emu.cli.errors import UserError
from emu.cli.launch import Launch
from emu.cli.options import GuestOptions, guest_options
from emu.cli.streams import standard_output, write_json
from kernel_model.kernel import Kernel
from kernel_model.process import Process

EPILOG = """\b
Examples:
  emu frames hello.elf                         when it has ended
  emu frames --at call:100 prog.elf            after the 100th call
  emu frames --as dot prog.elf | dot -Tpdf -o mappings.pdf
  emu frames --as svg-memory prog.elf > memory.svg
"""

FORMATS = ("text", "json", "dot", "svg", "svg-memory")


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@at_option("When to look", "exit")
@click.option(
    "--as",
    "form",
    type=click.Choice(FORMATS),
    default=None,
    show_default=FORMATS[0],
    help="Text or JSON; the tree of mappings for Graphviz or as a drawing; or physical memory "
    "as a drawing.",
)
@click.option("--json", is_flag=True, help="As --as json.")
@click.option("--dot", is_flag=True, help="As --as dot.")
@click.option("--svg", is_flag=True, help="As --as svg.")
@click.option("--svg-memory", is_flag=True, help="As --as svg-memory.")
def command(guest: GuestOptions, at: Moment, form: str | None, **flags: bool) -> None:
    """Run PROG up to a moment and show who owns what and what is mapped where.

    What the guest prints goes to standard error.
    """
    asked = [name.replace("_", "-") for name, given in flags.items() if given]
    asked += [form] if form is not None and form not in asked else []
    if len(asked) > 1:
        raise UserError(f"one format at a time: {' or '.join(asked)}")
    launch = run_until(guest, at)
    with standard_output() as stream:
        _write(launch, asked[0] if asked else FORMATS[0], stream)


def _write(launch: Launch, form: str, stream: TextIO) -> None:
    kernel = launch.machine.kernel
    if form not in ("text", "json"):
        stream.write(_drawing(kernel, form))
        return
    from emu.views.frames import Layout, frame_data, frame_grids
    from emu.views.grid import write_grids

    stacks = {pid: _stack_pointer(launch, one) for pid, one in kernel.processes.items()}
    layout = Layout(stacks, [(one.va, one.end) for one in launch.image.segments])
    if form == "text":
        write_grids(frame_grids(kernel, layout), stream)
    else:
        write_json(frame_data(kernel, layout), stream)


def _stack_pointer(launch: Launch, process: Process) -> int:
    """SP of a process or, where it has left its stack, where it was last inside."""
    from emu.report.context import Context

    machine = launch.machine
    registers = machine.state_of(process).core
    context = Context(machine.kernel, machine.history, launch.debug, process, registers)
    return registers[SP] if context.overstep is None else context.overstep.caller_sp


def _drawing(kernel: Kernel, form: str) -> str:
    if form == "dot":
        from emu.views.dot import tree_dot

        return tree_dot(kernel)
    if form == "svg":
        from emu.views.treesvg import tree_svg

        return tree_svg(kernel)
    from emu.views.memorysvg import memory_svg

    return memory_svg(kernel)
