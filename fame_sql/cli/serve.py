"""The command ``fame serve``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.warehouse import warehouse_option

if TYPE_CHECKING:
    from fame_sql.serve.server import Server


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:4318",
    show_default=True,
    metavar="ADDRESS:PORT",
    help="Where HTTP is answered.",
)
@warehouse_option
def serve(listen: str, warehouse: Path) -> None:
    """Take logs in, score them, and watch for incidents.

    It runs until it is stopped, and holds the warehouse, which is created if it does not exist.
    SIGTERM and Ctrl-C store what was taken in and end it within ten seconds; SIGHUP reads settings
    again.
    """
    from fame_sql.serve.server import Server
    from fame_sql.serve.settings import ServeSettings

    host, port = address(listen)
    run(Server(warehouse, ServeSettings(host=host, port=port)))


def run(server: Server) -> None:
    """Run a server until a signal ends it."""
    ended = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in signals}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: server.reload())
    try:
        server.start()
        click.echo(f"serving {server.path} at {server.url}", err=True)
        while not ended.wait(1.0):
            pass
        click.echo("stopping", err=True)
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def address(text: str) -> tuple[str, int]:
    """Return the host and the port of ``HOST:PORT``, ``[HOST]:PORT`` or ``:PORT``."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise click.UsageError(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:4318")
    return host.strip("[]") or "127.0.0.1", int(port)
