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
    context = click.Context(main, info_name="fame", terminal_width=96, max_content_width=96)
    parts += ["", "```text", main.get_help(context), "```"]
    for name, command in main.commands.items():
        inner = click.Context(
            command,
            info_name=f"fame {name}",
            terminal_width=96,
            max_content_width=96,
            help_option_names=["-h", "--help"],
        )
        parts += ["", f"## fame {name}", "", "```text", command.get_help(inner), "```"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
