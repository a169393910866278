"""The command line: one command a stage, and what asks and tells."""

from __future__ import annotations

from typing import Any

import click

from fame_sql import __version__
from fame_sql.cli.compile import compile_
from fame_sql.cli.dbt import dbt
from fame_sql.cli.demo import demo
from fame_sql.cli.domains import domains
from fame_sql.cli.labels import label
from fame_sql.cli.llm import llm
from fame_sql.cli.models import models
from fame_sql.cli.policy import policy
from fame_sql.cli.query import query
from fame_sql.cli.reports import evaluate, status
from fame_sql.cli.stages import ingest, mine, score, train
from fame_sql.cli.storage import compact, expire, partition
from fame_sql.cli.upgrade import upgrade
from fame_sql.console import printable
from fame_sql.errors import FameError


class _Commands(click.Group):
    """Turns what goes wrong on the user's side into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FameError as error:
            raise click.ClickException(_one_line(error)) from None
        except BrokenPipeError:
            raise  # who reads has enough, as 'head' does: click ends in silence
        except OSError as error:
            raise click.ClickException(_one_line(error)) from None
        except (KeyboardInterrupt, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "interrupted" not in str(error):
                raise
            click.echo("interrupted: what was committed is kept; run it again to go on", err=True)
            ctx.exit(130)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which they are used."""
        return list(self.commands)


def _one_line(error: Exception) -> str:
    return printable(" ".join(str(error).split()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fame")
def main() -> None:
    """Find the anomalous lines in logs, with SQL.

    The stages, in order: ingest, mine, label, domains, train, score; 'compile' runs those that
    are missing. Then ask: query, evaluate, status.
    """


for _command in (
    demo,
    ingest,
    compile_,
    mine,
    label,
    domains,
    train,
    score,
    query,
    evaluate,
    status,
    models,
    policy,
    llm,
    dbt,
    partition,
    expire,
    compact,
    upgrade,
):
    main.add_command(_command)
