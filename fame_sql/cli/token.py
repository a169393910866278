"""The command ``fame token`` and its subcommands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_json, print_records

if TYPE_CHECKING:
    from fame_sql.serve.token_file import StoredToken

_COLUMNS = ("name", "role", "created_at")

file_option = click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    show_default="WAREHOUSE.tokens.json, beside the warehouse",
    help="The file of the tokens.",
)


@click.group(short_help="Make and withdraw tokens for the server.")
def token() -> None:
    """Make and withdraw tokens for the server.

    A file keeps their names, roles and hashes. A server that runs sees a change at once.
    """


@token.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["reader", "writer", "ingest"]),
    required=True,
    help="What it is for: single SELECT statements, everything, or sending logs and nothing else.",
)
@file_option
@warehouse_option
@json_option
def create(name: str, role: str, file: Path | None, warehouse: Path, as_json: bool) -> None:
    """Make a token, and print its secret, which is shown this once."""
    from fame_sql.serve.token_file import add_token, new_token
    from fame_sql.serve.tokens import digest, new_secret
    from fame_sql.warehouse.connection import utc_now

    secret = new_secret()
    path = _path(file, warehouse)
    add_token(path, new_token(name, role, digest(secret), utc_now()))
    if as_json:
        print_json({"name": name, "role": role, "token": secret})
        return
    click.echo(secret)
    click.echo(f"{role} {name}: this token is not shown again; its hash is in {path}", err=True)


@token.command("list")
@file_option
@warehouse_option
@form_options
def list_(file: Path | None, warehouse: Path, form: Form) -> None:
    """List the tokens, without their secrets."""
    from fame_sql.serve.token_file import read_tokens

    tokens = read_tokens(_path(file, warehouse))
    nothing = ("no token", "fame token create NAME --role reader")
    print_records([_shown(each) for each in tokens], _COLUMNS, form, nothing)


@token.command()
@click.argument("name")
@file_option
@warehouse_option
@json_option
def withdraw(name: str, file: Path | None, warehouse: Path, as_json: bool) -> None:
    """Withdraw a token; the server refuses it from then on."""
    from fame_sql.serve.token_file import withdraw_token

    gone = withdraw_token(_path(file, warehouse), name)
    facts = {"name": gone.name, "role": gone.role, "state": "withdrawn"}
    print_done(f"{gone.role} {gone.name}: withdrawn", facts, as_json=as_json)


def _path(file: Path | None, warehouse: Path) -> Path:
    from fame_sql.serve.token_file import tokens_of

    return file or tokens_of(warehouse)


def _shown(token: StoredToken) -> dict[str, object]:
    return {name: value for name, value in asdict(token).items() if name != "sha256"}
