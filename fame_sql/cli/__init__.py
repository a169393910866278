"""The command line ``fame``: one file for each command, options that they share in ``options``."""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from fame_sql import __version__
from fame_sql.cli.alert import alert
from fame_sql.cli.backup import backup
from fame_sql.cli.compact import compact
from fame_sql.cli.compile import compile_
from fame_sql.cli.confirm import confirm
from fame_sql.cli.cost import cost
from fame_sql.cli.counts import counts
from fame_sql.cli.dbt import dbt
from fame_sql.cli.demo import demo
from fame_sql.cli.diff import diff
from fame_sql.cli.dismiss import dismiss
from fame_sql.cli.doctor import doctor
from fame_sql.cli.domains import domains
from fame_sql.cli.drift import drift
from fame_sql.cli.evaluate import evaluate
from fame_sql.cli.expire import expire
from fame_sql.cli.export import export
from fame_sql.cli.feedback import feedback
from fame_sql.cli.formats import formats
from fame_sql.cli.incidents import incidents
from fame_sql.cli.ingest import ingest
from fame_sql.cli.init import init
from fame_sql.cli.interrupts import EXIT_STATUS, INTERRUPTED, interrupts
from fame_sql.cli.label import label
from fame_sql.cli.llm import llm_group
from fame_sql.cli.look import look
from fame_sql.cli.memory import check_memory, is_scarce, too_little
from fame_sql.cli.metrics import metrics
from fame_sql.cli.mine import mine
from fame_sql.cli.models import models
from fame_sql.cli.options.empty import refuse_empty_values
from fame_sql.cli.options.quiet import quiet_option, take_quiet
from fame_sql.cli.partition import partition
from fame_sql.cli.policy import policy
from fame_sql.cli.query import query
from fame_sql.cli.queue import queue
from fame_sql.cli.redact import redact
from fame_sql.cli.remote import through_server
from fame_sql.cli.repair import repair
from fame_sql.cli.report import report
from fame_sql.cli.score import score
from fame_sql.cli.second_opinion import second_opinion
from fame_sql.cli.serve import serve
from fame_sql.cli.settings import settings
from fame_sql.cli.show import show
from fame_sql.cli.status import status
from fame_sql.cli.tail import tail
from fame_sql.cli.token import token
from fame_sql.cli.top import top
from fame_sql.cli.tracing import command_span, name_command
from fame_sql.cli.train import train
from fame_sql.cli.upgrade import upgrade
from fame_sql.cli.windows import windows
from fame_sql.console import printable
from fame_sql.errors import ConflictError, FameError
from fame_sql.llm.failures import BatchPendingError

GROUPS: dict[str, tuple[click.Command, ...]] = {
    "Read logs": (demo, look, ingest, formats, redact),
    "Learn": (
        *(compile_, mine, label, domains, train, score, queue, evaluate, models, policy),
        *(llm_group, second_opinion),
    ),
    "Ask": (query, show, top, diff, tail, report, export, status),
    "Operate": (
        *(incidents, confirm, dismiss, feedback, counts, drift, windows, alert, metrics, cost),
        *(settings, serve, token),
    ),
    "Store": (init, partition, expire, compact, backup, repair, upgrade, doctor, dbt),
}
"""The commands by what people do with them, in the order of the help."""

_CONFLICTS = 5
"""How often a command is run again after another process was first."""

_ARGUMENTS = "fame_sql.arguments"

_PASSWORD = re.compile(r"(://[^\s/@:'\"]*:)[^\s'\"]*@")


class _Commands(click.Group):
    """Prints errors that a user can act on as one line, with exit code 1."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and keep them: the command may have to run again."""
        ctx.meta[_ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        seen: list[int] = []
        try:
            check_memory()
            with interrupts(lambda: _patience(ctx)) as seen, _private(), command_span():
                return self._invoke_patiently(ctx)
        except BrokenPipeError:
            raise  # The reader has closed the pipe, as 'head' does: click exits silently.
        except BatchPendingError as pending:
            click.echo(_one_line(pending), err=True)
            ctx.exit(1)
        except (FameError, OSError) as error:
            raise click.ClickException(_one_line(error)) from None
        except (KeyboardInterrupt, Exception) as error:
            if seen or _is_interrupt(error):
                click.echo(INTERRUPTED, err=True)
                ctx.exit(EXIT_STATUS)
            if is_scarce(error):
                raise click.ClickException(_one_line(too_little(error))) from None
            if not _is_of_duckdb(error):
                raise
            raise click.ClickException(_explained(error)) from None

    def _invoke_patiently(self, ctx: click.Context) -> Any:
        """Run the command; again, if in a lake another process was first and nothing is stored."""
        for _ in range(_CONFLICTS):
            with suppress(ConflictError):
                return super().invoke(ctx)
            time.sleep(random.uniform(0.1, 1))
            # The arguments are used up once a command has begun.
            self.parse_args(ctx, list(ctx.meta[_ARGUMENTS]))
        return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and refuse options without a value.

        If a server holds the warehouse, the command runs there instead.
        """
        refuse_empty_values(self, ctx, args)
        code = through_server(self, args, ctx.params.get("token_file"))
        if code is not None:
            ctx.exit(code)
        name, command, left = super().resolve_command(ctx, args)
        name_command(name or "")
        return name, command, left

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which they are used."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what people do with them."""
        longest = max(len(name) for name in self.commands)
        for title, commands in GROUPS.items():
            with formatter.section(title):
                rows = [
                    (str(command.name).ljust(longest), command.get_short_help_str(100))
                    for command in commands
                ]
                formatter.write_dl(rows)


@contextmanager
def _private() -> Iterator[None]:
    """Keep what a command writes to its user, and what a warehouse reads to its own files."""
    from fame_sql.warehouse.reach import limited_reach

    before = os.umask(0o077)
    os.umask(before | 0o077)
    try:
        with limited_reach():
            yield
    finally:
        os.umask(before)


def _patience(ctx: click.Context) -> float:
    """Return how long an interrupted command may take to end by itself, in seconds.

    A query has nothing to put away. DuckDB looks for an interrupt only between two steps of it.
    """
    return 1.0 if ctx.invoked_subcommand == "query" else 10.0


def _is_interrupt(error: BaseException) -> bool:
    """Return whether an error is an interrupt, or DuckDB's report of one."""
    reported = isinstance(error, RuntimeError) and "interrupted" in str(error)
    return reported or isinstance(error, KeyboardInterrupt)


def _is_of_duckdb(error: BaseException) -> bool:
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, duckdb.Error)


def _explained(error: BaseException) -> str:
    """Return what DuckDB reports, and what to do about it.

    A full disk, too little memory or a locked file speak for themselves.
    """
    from fame_sql.warehouse.bucket import trouble
    from fame_sql.warehouse.connection import AFTER_DAMAGE, is_damage

    duckdb = sys.modules["duckdb"]
    if reason := trouble(error):
        return _shown(reason)
    if "permission denied for" in str(error):
        return (
            f"PostgreSQL lets your user read this lake and not write to it ({_first_line(error)}): "
            "ask for the rights of a writer, which docs/how-to/lake.md lists under Security"
        )
    if is_damage(error):
        return f"the warehouse is damaged (DuckDB: {_first_line(error)}): {AFTER_DAMAGE}"
    if isinstance(error, duckdb.OperationalError):
        return f"DuckDB: {_one_line(error)}"
    return f"DuckDB: {_first_line(error)}; 'fame doctor' examines the warehouse"


def _first_line(error: BaseException) -> str:
    return _shown(str(error).partition("\n")[0])


def _one_line(error: BaseException) -> str:
    return _shown(" ".join(str(error).split()))


def _shown(message: str) -> str:
    """Return a message for the terminal, without the passwords of addresses in it."""
    return _PASSWORD.sub(r"\1***@", printable(message))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fame")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="FAME_TOKEN_FILE",
    metavar="FILE",
    help="A file with a token for the server that holds the warehouse; $FAME_TOKEN is one itself.",
)
def main(token_file: Path | None) -> None:
    """Find anomalous lines in logs with SQL.

    The stages run in this order: ingest, mine, label, domains, train, score. 'fame compile' runs
    all stages that are missing. Then use query, evaluate and status. 'fame look FILE' needs none of
    them: it shows what to look at first in a log without labels.
    """


main.params.append(quiet_option())
for _commands in GROUPS.values():
    for _command in _commands:
        take_quiet(_command)
        main.add_command(_command)
