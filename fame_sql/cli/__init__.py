"""The command line ``fame``: one file for each command, options that they share in ``options``."""

from __future__ import annotations

import sys
from typing import Any

import click

from fame_sql import __version__
from fame_sql.cli.compact import compact
from fame_sql.cli.compile import compile_
from fame_sql.cli.dbt import dbt
from fame_sql.cli.demo import demo
from fame_sql.cli.domains import domains
from fame_sql.cli.evaluate import evaluate
from fame_sql.cli.expire import expire
from fame_sql.cli.ingest import ingest
from fame_sql.cli.label import label
from fame_sql.cli.llm import llm_group
from fame_sql.cli.mine import mine
from fame_sql.cli.models import models
from fame_sql.cli.partition import partition
from fame_sql.cli.policy import policy
from fame_sql.cli.query import query
from fame_sql.cli.score import score
from fame_sql.cli.status import status
from fame_sql.cli.train import train
from fame_sql.cli.upgrade import upgrade
from fame_sql.console import printable
from fame_sql.errors import FameError


class _Commands(click.Group):
    """Prints errors that a user can act on as one line, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # The reader has closed the pipe, as 'head' does: click exits silently.
        except (FameError, OSError) as error:
            raise click.ClickException(_one_line(error)) from None
        except (KeyboardInterrupt, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "interrupted" not in str(error):
                raise
            click.echo(
                "interrupted: committed work is kept; run the command again to continue", err=True
            )
            ctx.exit(130)
        except Exception as error:
            if not _is_of_the_machine(error):
                raise
            raise click.ClickException(f"DuckDB: {_one_line(error)}") from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which they are used."""
        return list(self.commands)


def _is_of_the_machine(error: Exception) -> bool:
    """Return whether DuckDB reports a full disk, too little memory or a locked file."""
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, duckdb.OperationalError)


def _one_line(error: Exception) -> str:
    return printable(" ".join(str(error).split()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fame")
def main() -> None:
    """Find anomalous lines in logs with SQL.

    The stages run in this order: ingest, mine, label, domains, train, score. 'fame compile' runs
    all stages that are missing. Then use query, evaluate and status.
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
    llm_group,
    dbt,
    partition,
    expire,
    compact,
    upgrade,
):
    main.add_command(_command)
