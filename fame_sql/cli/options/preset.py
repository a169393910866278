"""The options that choose the students: words, or the encoder that turns messages into vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fame_sql.cli.options.grouped import add_options
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.renamed import RenamedOption

if TYPE_CHECKING:
    from fame_sql.students import StudentConfig
    from fame_sql.warehouse.warehouse import Warehouse

F = TypeVar("F", bound=Callable[..., Any])


def preset_options(default: str) -> Callable[[F], F]:
    """Add ``--preset NAME`` and ``--download``.

    Parameters
    ----------
    default : str
        The preset that is used if none is given, in words.
    """
    options = (
        click.option(
            "--preset",
            cls=RenamedOption,
            former="--encoder",
            metavar="NAME",
            show_default=default,
            help="What the students read: words; or an encoder: compact, pretrained, paper, a "
            "TOML file, a folder or the name of a model on the hub.",
        ),
        click.option(
            "--download",
            "fetch",
            is_flag=True,
            help="Download the encoder from the hub if it is not in the local cache.",
        ),
    )
    return lambda command: add_options(command, options)


def chosen_config(
    warehouse: Warehouse, preset: str | None, fetch: bool, seed: int | None = None
) -> StudentConfig:
    """Return the students' settings that the options choose.

    Parameters
    ----------
    warehouse : Warehouse
        Its champion's settings are kept where the options do not change them.
    preset : str or None
        As in :func:`fame_sql.students.presets.choose`.
    fetch : bool
        Whether the network may be used.
    seed : int, optional
        Seed of the training.
    """
    from fame_sql.students.presets import choose
    from fame_sql.training.context import config_of, read_champion

    champion = read_champion(warehouse)
    before = config_of(champion)
    config = before if seed is None else replace(before, seed=seed)
    if preset is not None:
        config = choose(preset, fetch=fetch, seed=seed)
    if champion is not None:
        _note_preset(before, config)
    return config


def _note_preset(before: StudentConfig, config: StudentConfig) -> None:
    """Say what a change of preset means, or that there is another default today."""
    from fame_sql.students.config import WORDS

    compare = "'fame models compare {} {} --held-out' compares them on your labels"
    if config.preset != before.preset:
        remark(
            f"preset {config.preset} takes the place of the champion's, {before.preset}: every "
            f"verdict can change; {compare.format(before.preset, config.preset)}"
        )
    elif config.preset != WORDS:
        remark(
            f"the champion's preset {before.preset} is kept; new warehouses have {WORDS}: "
            f"{compare.format(before.preset, WORDS)}"
        )
