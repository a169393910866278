"""Comments on everything in a warehouse, as a BI tool shows them.

They are the descriptions of ``descriptions.toml``, of which the reference is made as well; those of
a verdict's columns come from :mod:`fame_sql.verdict`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.sql.quoting import literal
from fame_sql.verdict.columns import COLUMNS
from fame_sql.warehouse import settings
from fame_sql.warehouse.lake.kind import is_lake

_VERDICT = {"score", "domain", "model_version"}
"""Columns that only relations with verdicts have together."""
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@cache
def descriptions() -> dict[str, dict[str, str]]:
    """Return what relations, macros and columns mean, by name."""
    text = files("fame_sql.warehouse").joinpath("descriptions.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)
    return found


def column_descriptions(columns: Sequence[str]) -> dict[str, str]:
    """Return what the columns of one relation mean."""
    meaning = descriptions()["columns"]
    if set(columns) >= _VERDICT:
        meaning = meaning | {name: column.description for name, column in COLUMNS.items()}
    return {name: meaning[name] for name in columns if name in meaning}


def write_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment on what fame-sql has made in a warehouse, where the comment is not there yet."""
    found = connection.execute(sql.load("warehouse/uncommented")).fetchall()
    in_lake = is_lake(connection)
    statements = [part for row in found for part in _statements(*row, in_lake=in_lake)]
    # By this comment the stored functions see whether a copy of their warehouse is attached.
    identity = settings.read(connection, settings.IDENTITY)
    meaning = _plain(descriptions()["relations"]["settings"])
    text = f"{meaning} The identity of this warehouse and its copies: {identity}."
    statements.append(f"COMMENT ON TABLE fame.settings IS {literal(text)}")
    if statements:
        connection.execute("; ".join(statements))


def _statements(
    kind: str,
    schema: str,
    name: str,
    columns: list[dict[str, Any]] | None,
    comment: str | None,
    *,
    in_lake: bool,
) -> Iterator[str]:
    """Yield the statements that comment on one relation or macro, and on its columns.

    DuckLake has no comments on macros, and none on the columns of views.
    """
    if in_lake and columns is None:
        return
    place = f'"{schema}"."{name}"'
    described = descriptions()["macros" if columns is None else "relations"]
    meaning = described.get(name.removeprefix("fame_") if columns is None else name)
    if meaning is not None and name != "settings" and comment != (text := _plain(meaning)):
        yield f"COMMENT ON {kind} {place} IS {literal(text)}"
    if in_lake and kind == "VIEW":
        return
    given = {column["name"]: column["comment"] for column in columns or ()}
    for column, meaning in column_descriptions(list(given)).items():
        if given[column] != (text := _plain(meaning)):
            yield f'COMMENT ON COLUMN {place}."{column}" IS {literal(text)}'


def _plain(description: str) -> str:
    """Return a description without Markdown."""
    return _LINK.sub(r"\1", description).replace("`", "")
