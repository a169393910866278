"""Questions to a warehouse that keep their SQL, so that a reader can ask them again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.sql.quoting import literal
from fame_sql.warehouse.warehouse import Warehouse

_PARAMETER = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Asked:
    """A question and its answer.

    Parameters
    ----------
    statement : str
        The SQL, with its parameters written out, to be shown and run again.
    rows : list of dict
        The answer.
    """

    statement: str
    rows: list[dict[str, Any]]

    @property
    def row(self) -> dict[str, Any]:
        """The first row."""
        return self.rows[0]


def ask(warehouse: Warehouse, name: str, parameters: Mapping[str, Any]) -> Asked:
    """Run a statement of ``sql/forensics``.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    name : str
        The statement.
    parameters : mapping
        At least its parameters; times, numbers and identifiers that fame-sql has made.
    """
    text = sql.load(f"forensics/{name}").strip()
    names = dict.fromkeys(_PARAMETER.findall(text))
    wanted = {name: parameters[name] for name in names}
    rows = warehouse.records(text, wanted)
    return Asked(_PARAMETER.sub(lambda found: _written(wanted[found[1]]), text), rows)


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return literal(value.isoformat(sep=" "))
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else literal(str(value))
