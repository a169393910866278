"""Write docs/reference/commands.md from the commands' own help: ``make docs``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli import main

TARGET = Path(__file__).parent / "reference" / "commands.md"


def reference() -> str:
    """Return the reference of all commands, in Markdown."""
    parts = [
        "# Commands",
        "",
        "Made by `make docs` from `fame COMMAND --help`. Results go to stdout, progress to stderr;",
        "the exit code is 1 for a mistake that the message explains, and 2 for wrong usage.",
    ]
    context = click.Context(
        main,
        info_name="fame",
        terminal_width=96,
        max_content_width=96,
        help_option_names=["-h", "--help"],
    )
    parts += ["", "```text", main.get_help(context), "```"]
    for name, command in main.commands.items():
        parts += _section(f"fame {name}", command, "##")
    return "\n".join(parts) + "\n"


def _section(name: str, command: click.Command, heading: str) -> list[str]:
    """Return the lines on a command, and on those below it."""
    context = click.Context(
        command,
        info_name=name,
        terminal_width=96,
        max_content_width=96,
        help_option_names=["-h", "--help"],
    )
    parts = ["", f"{heading} {name}", "", "```text", command.get_help(context), "```"]
    if isinstance(command, click.Group):
        for inner, below in command.commands.items():
            parts += _section(f"{name} {inner}", below, f"{heading}#")
    return parts


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
