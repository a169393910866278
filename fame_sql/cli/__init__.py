"""The command line ``fame``: one file for each command, options that they share in ``options``."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
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
from fame_sql.cli.feedback import feedback
from fame_sql.cli.formats import formats
from fame_sql.cli.incidents import incidents
from fame_sql.cli.ingest import ingest
from fame_sql.cli.label import label
from fame_sql.cli.llm import llm_group
from fame_sql.cli.look import look
from fame_sql.cli.mine import mine
from fame_sql.cli.models import models
from fame_sql.cli.options.empty import refuse_empty_values
from fame_sql.cli.partition import partition
from fame_sql.cli.policy import policy
from fame_sql.cli.query import query
from fame_sql.cli.queue import queue
from fame_sql.cli.redact import redact
from fame_sql.cli.repair import repair
from fame_sql.cli.report import report
from fame_sql.cli.score import score
from fame_sql.cli.second_opinion import second_opinion
from fame_sql.cli.serve import serve
from fame_sql.cli.show import show
from fame_sql.cli.status import status
from fame_sql.cli.token import token
from fame_sql.cli.top import top
from fame_sql.cli.train import train
from fame_sql.cli.upgrade import upgrade
from fame_sql.cli.windows import windows
from fame_sql.console import printable
from fame_sql.errors import FameError
from fame_sql.llm.failures import BatchPendingError

_INTERRUPTED = "interrupted: committed work is kept; run the command again to continue"


class _Commands(click.Group):
    """Prints errors that a user can act on as one line, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        with _interrupts() as seen:
            try:
                return super().invoke(ctx)
            except BrokenPipeError:
                raise  # The reader has closed the pipe, as 'head' does: click exits silently.
            except BatchPendingError as pending:
                click.echo(_one_line(pending), err=True)
                ctx.exit(1)
            except (FameError, OSError) as error:
                raise click.ClickException(_one_line(error)) from None
            except (KeyboardInterrupt, Exception) as error:
                if seen or _is_interrupt(error):
                    click.echo(_INTERRUPTED, err=True)
                    ctx.exit(130)
                if not _is_of_duckdb(error):
                    raise
                raise click.ClickException(_explained(error)) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and refuse options without a value."""
        refuse_empty_values(self, ctx, args)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which they are used."""
        return list(self.commands)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect the interrupts of a block: an import that one falls into may raise another error."""
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_default or threading.current_thread() is not threading.main_thread():
        yield seen
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
    from fame_sql.warehouse.connection import AFTER_DAMAGE, is_damage

    duckdb = sys.modules["duckdb"]
    if is_damage(error):
        return f"the warehouse is damaged (DuckDB: {_first_line(error)}): {AFTER_DAMAGE}"
    if isinstance(error, duckdb.OperationalError):
        return f"DuckDB: {_one_line(error)}"
    return f"DuckDB: {_first_line(error)}; 'fame doctor' examines the warehouse"


def _first_line(error: BaseException) -> str:
    return printable(str(error).partition("\n")[0])


def _one_line(error: BaseException) -> str:
    return printable(" ".join(str(error).split()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fame")
def main() -> None:
    """Find anomalous lines in logs with SQL.

    The stages run in this order: ingest, mine, label, domains, train, score. 'fame compile' runs
    all stages that are missing. Then use query, evaluate and status. 'fame look FILE' needs none of
    them: it shows what to look at first in a log without labels.
    """


for _command in (
    demo,
    look,
    ingest,
    formats,
    compile_,
    mine,
    label,
    domains,
    train,
    score,
    queue,
    counts,
    drift,
    incidents,
    confirm,
    dismiss,
    feedback,
    query,
    show,
    top,
    diff,
    report,
    evaluate,
    status,
    models,
    policy,
    llm_group,
    second_opinion,
    windows,
    cost,
    dbt,
    partition,
    expire,
    compact,
    alert,
    serve,
    token,
    doctor,
    backup,
    repair,
    redact,
    upgrade,
):
    main.add_command(_command)
