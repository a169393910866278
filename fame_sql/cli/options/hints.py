"""The options that say how the records of a log are read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fame_sql.cli.options.grouped import add_options

_OPTIONS = (
    click.option(
        "--timezone",
        metavar="ZONE",
        show_default="UTC",
        help="Zone of times that have none, such as Europe/Berlin.",
    ),
    click.option(
        "--date",
        metavar="DATE",
        show_default="in the file's name, then of its last change",
        help="Date of times that have none, such as 2024-02-03.",
    ),
    click.option(
        "--time-format",
        metavar="FORMAT",
        show_default="any usual way",
        help="How times are written, such as '%d.%m.%Y %H:%M:%S' or 'epoch'.",
    ),
    click.option("--message-key", metavar="KEY", help="Key of the message, in JSON and logfmt."),
    click.option("--time-key", metavar="KEY", help="Key of the time."),
    click.option("--level-key", metavar="KEY", help="Key of the level."),
    click.option("--label-key", metavar="KEY", help="Key of a label: '-' is normal."),
    click.option("--host", metavar="NAME", help="Host of records that name none."),
    click.option("--service", metavar="NAME", help="Service of records that name none."),
    click.option(
        "--format-file",
        "format_files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A format of your own, or a folder of them; see 'fame formats'.",
    ),
    click.option(
        "--keep-ansi", is_flag=True, help="Keep lines with colours in the attribute 'ansi'."
    ),
)
_NAMES = (
    *("timezone", "date", "time_format", "message_key", "time_key", "level_key", "label_key"),
    *("host", "service", "format_files", "keep_ansi"),
)


def hint_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, which the command takes as one dictionary ``hints``."""

    @functools.wraps(command)
    def with_hints(*args: Any, **given: Any) -> Any:
        hints = {name: given.pop(name) for name in _NAMES}
        return command(*args, hints=hints, **given)

    return add_options(with_hints, _OPTIONS)
