"""The command ``fame dismiss``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.feedback import say
from fame_sql.cli.options.feedback import FeedbackOptions, feedback_options
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option


@click.command(short_help="Say that an incident, a line or a template is a false alarm.")
@feedback_options
@click.option("--for-ever", is_flag=True, help="Let it never end, instead of after 14 days.")
@warehouse_option
@json_option
def dismiss(feedback: FeedbackOptions, for_ever: bool, warehouse: Path, as_json: bool) -> None:
    """Say that an incident, a line or a template is a false alarm.

    It silences exactly what it names: of an incident, each template and kind of anomaly that it
    has, in its service and up to its severity; of a line, its event; or a template. Incidents that
    it covers are stored and say so, and nobody is alerted. It ends after 14 days unless --expires
    or --for-ever say otherwise. The next 'fame compile' learns from it.
    """
    say(feedback, warehouse, is_anomaly=False, for_ever=for_ever, as_json=as_json)
