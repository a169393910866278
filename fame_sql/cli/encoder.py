"""The options that choose what reads the messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from fame_sql.students import StudentConfig
    from fame_sql.warehouse.warehouse import Warehouse

F = TypeVar("F", bound=Callable[..., Any])


def encoder_options(default: str) -> Callable[[F], F]:
    """Add ``--encoder NAME`` and ``--download``.

    Parameters
    ----------
    default : str
        What reads messages where nothing is asked for, in words.
    """

    def add(command: F) -> F:
        command = click.option(
            "--download",
            "fetch",
            is_flag=True,
            help="Fetch from the hub what of --encoder is not in its local cache.",
        )(command)
        return click.option(
            "--encoder",
            metavar="NAME",
            help="What reads messages: compact, pretrained, paper, a TOML file, a folder or a "
            f"model of the hub.  [default: {default}]",
        )(command)

    return add


def config_asked(
    warehouse: Warehouse, encoder: str | None, fetch: bool, seed: int | None = None
) -> StudentConfig:
    """Return the students' settings that a command line asks for.

    Parameters
    ----------
    warehouse : Warehouse
        Whose champion's settings stay, as far as nothing else is asked for.
    encoder : str or None
        As in :func:`fame_sql.students.presets.choose`.
    fetch : bool
        Whether the network may be asked.
    seed : int, optional
        Of the training.
    """
    from fame_sql.students.presets import choose
    from fame_sql.training.context import config_in_force

    if encoder is not None:
        return choose(encoder, fetch=fetch, seed=seed)
    config = config_in_force(warehouse)
    return config if seed is None else replace(config, seed=seed)
