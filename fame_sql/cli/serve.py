"""The command ``fame serve``."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.memory import check_memory
from fame_sql.cli.options.numbers import Number
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_HIGHEST_PORT = 65_535
_MEMORY = 1 << 30
"""Bytes of addresses for the threads of a server, if they are limited."""

_port = click.IntRange(0, _HIGHEST_PORT)


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:4318",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where HTTP is answered; elsewhere than on this machine only with a token.",
)
@click.option("--syslog-tcp", type=_port, metavar="PORT", help="Take syslog in over TCP.")
@click.option("--syslog-udp", type=_port, metavar="PORT", help="Take syslog in over UDP.")
@click.option(
    "--follow",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Read what is written to a file, a folder or a pattern. Can be repeated.",
)
@click.option(
    "--timezone",
    metavar="NAME",
    show_default="UTC",
    help="The zone of times that name none, such as Europe/Berlin.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="Mask secrets, addresses and names in messages and attributes before they are stored.",
)
@click.option(
    "--every",
    type=Number(min=1, max=86_400),
    default=10.0,
    metavar="SECONDS",
    show_default=True,
    help="Seconds from one round over counts, incidents and alerts to the next.",
)
@click.option(
    "--max-body",
    type=click.IntRange(1, 1024),
    default=64,
    metavar="MIB",
    show_default=True,
    help="The most MiB of a request, after decompression.",
)
@click.option(
    "--max-message",
    type=click.IntRange(480, 1 << 20),
    default=64 << 10,
    metavar="BYTES",
    show_default=True,
    help="The most bytes that are kept of a message of syslog.",
)
@click.option(
    "--quack",
    default="localhost:9494",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where DuckDB clients are answered; 'none' answers none.",
)
@click.option(
    "--tokens",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    show_default="WAREHOUSE.tokens.json, beside the warehouse",
    help="The tokens that are accepted, see 'fame token'.",
)
@click.option(
    "--memory",
    metavar="SIZE",
    show_default="DuckDB's own limit",
    help="The most memory that DuckDB may use, such as 4GB.",
)
@warehouse_option
def serve(
    listen: str,
    syslog_tcp: int | None,
    syslog_udp: int | None,
    follow: tuple[Path, ...],
    timezone: str | None,
    redact: bool,
    every: float,
    max_body: int,
    max_message: int,
    quack: str,
    tokens: Path | None,
    memory: str | None,
    warehouse: Path,
) -> None:
    """Take logs in, score them, answer SQL, and alert.

    It runs until it is stopped, and holds the warehouse, which is created if it does not exist.
    Other commands on the warehouse run there meanwhile. Who may ask is said by tokens ('fame
    token'). SIGTERM and Ctrl-C store what was taken in and end it within ten seconds; SIGHUP reads
    tokens again and looks for a new champion.
    """
    from fame_sql.cli import main
    from fame_sql.ingest.times import check_timezone
    from fame_sql.serve.parts import usual_parts
    from fame_sql.serve.server import Server
    from fame_sql.serve.settings import ServeSettings
    from fame_sql.serve.sql.parts import SqlSettings, sql_parts
    from fame_sql.serve.token_file import tokens_of
    from fame_sql.serve.tokens import Tokens

    check_memory(_MEMORY)
    host, port = address(listen)
    if quack != "none":
        address(quack)
    settings = ServeSettings(
        host=host,
        port=port,
        syslog_tcp=syslog_tcp,
        syslog_udp=syslog_udp,
        follow=follow,
        timezone=None if timezone is None else check_timezone(timezone),
        redact=redact,
        alert_every=every,
        max_body=max_body << 20,
        max_message=max_message,
    )
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    known = Tokens(tokens or tokens_of(warehouse), os.environ)
    answers = SqlSettings(known, None if quack == "none" else quack, memory)
    notes: list[str] = []
    parts = sql_parts(answers, main, usual_parts(settings), notes.append)
    with collecting_rarely():
        run(Server(warehouse, settings, parts, known), notes)


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Look for garbage in cycles less often: records make millions of objects, and no cycles.

    At the end everything is looked at again: DuckDB's client lists on stderr what is left over.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def run(server: Server, notes: Sequence[str] = ()) -> None:
    """Run a server until a signal ends it, or the warehouse cannot be used any more.

    Parameters
    ----------
    server : Server
        The server.
    notes : sequence of str
        What its parts have to say; printed once it runs.

    Raises
    ------
    WarehouseError
        If the warehouse cannot be used any more.
    """
    from fame_sql.serve.systemd import notify, watchdog_seconds

    ended = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in signals}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: server.reload())
    every = min(watchdog_seconds() or 1.0, 1.0)
    try:
        server.start()
        click.echo(f"serving {server.path} at {server.url}", err=True)
        for note in notes:
            click.echo(printable(note), err=True)
        notify(f"READY=1\nSTATUS=serving {server.path.name} at {server.url}")
        while not ended.wait(every) and not server.broken.is_set():
            notify("WATCHDOG=1")
        notify("STOPPING=1")
        click.echo("stopping", err=True)
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    server.raise_if_broken()


def address(text: str) -> tuple[str, int]:
    """Return the host and the port of ``HOST:PORT``, ``[HOST]:PORT`` or ``:PORT``."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdecimal()) or int(port) > _HIGHEST_PORT:
        raise click.UsageError(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:4318")
    return host.strip("[]") or "127.0.0.1", int(port)
