"""``emu completion``: the script that teaches a shell to complete emu's command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from emu.cli.command import Command, print_text


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash   echo 'source <(emu completion bash)' >> ~/.bashrc
    zsh    echo 'source <(emu completion zsh)' >> ~/.zshrc
    fish   emu completion fish > ~/.config/fish/completions/emu.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError(f"click knows no shell {shell}")
    print_text(kind(ctx.find_root().command, {}, "emu", "_EMU_COMPLETE").source())
