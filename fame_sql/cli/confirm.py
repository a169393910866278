"""The command ``fame confirm``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.feedback import say
from fame_sql.cli.options.feedback import FeedbackOptions, feedback_options
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option


@click.command(short_help="Say that an incident, a line or a template is a true alarm.")
@feedback_options
@warehouse_option
@json_option
def confirm(feedback: FeedbackOptions, warehouse: Path, as_json: bool) -> None:
    """Say that an incident, a line or a template is a true alarm.

    It wins over an earlier dismissal of the same thing. The next 'fame compile' learns from it. It
    holds until it is withdrawn, or until --expires.
    """
    say(feedback, warehouse, is_anomaly=True, as_json=as_json)
