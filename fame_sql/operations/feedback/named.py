"""What feedback can be about: an incident, a line or a template."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from fame_sql import sql
from fame_sql.console import printable
from fame_sql.errors import InputError
from fame_sql.warehouse.connection import first_line
from fame_sql.warehouse.warehouse import Warehouse

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Named:
    """What feedback is about: exactly one of an incident, a line with its event, and a template."""

    incident_id: str | None = None
    log_id: int | None = None
    event_id: int | None = None
    template_id: str | None = None

    def __str__(self) -> str:
        """Return what it is, in words."""
        if self.incident_id is not None:
            return f"incident {self.incident_id}"
        if self.log_id is not None:
            return f"line {self.log_id}"
        return f"template {self.template_id}"


def find(warehouse: Warehouse, name: str) -> Named:
    """Return the line whose ``log_id`` is ``name``, or the incident whose identifier begins so.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    if name.isascii() and name.isdigit():
        return _find_line(warehouse, name)
    return Named(incident_id=find_incident(warehouse, name))


def find_incident(warehouse: Warehouse, name: str) -> str:
    """Return the incident whose identifier is, or begins with, ``name``.

    An incident that became part of another stands for that.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    return _only(warehouse, "incident", name, "'fame incidents' lists them")


def find_template(warehouse: Warehouse, name: str) -> Named:
    """Return the template, mined or provisional, whose identity is, or begins with, ``name``.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    where = "the column template_id of 'anomalies' has them"
    return Named(template_id=_only(warehouse, "template", name, where))


def find_where(warehouse: Warehouse, condition: str) -> list[Named]:
    """Return the incidents for which a condition on the columns of ``incidents`` holds.

    The condition is an expression, not a statement. It is the user's own, so the warehouse should
    be open for reading only.

    Raises
    ------
    InputError
        If it is no condition on the columns of ``incidents``, or holds for none.
    """
    try:
        relation = warehouse.connection.sql("FROM fame.incidents").filter(condition)
        rows = relation.project("incident_id").order("incident_id").fetchall()
    except (duckdb.Error, RuntimeError) as error:
        raise InputError(
            f"--where {printable(condition)!r} is no condition on the columns of 'incidents': "
            f"{first_line(error)}"
        ) from None
    if not rows:
        raise InputError(
            f"--where {printable(condition)!r} holds for no incident: 'fame incidents --all' lists "
            "them"
        )
    return [Named(incident_id=row[0]) for row in rows]


def _find_line(warehouse: Warehouse, name: str) -> Named:
    log_id = int(name)
    rows = []
    if log_id <= _LARGEST:
        rows = warehouse.rows(sql.load("operations/feedback/find_line"), {"log_id": log_id})
    if not rows or rows[0][0] is None:
        raise InputError(
            f"no line has the log_id {name}: the column log_id of 'anomalies' has them"
        )
    return Named(log_id=log_id, event_id=rows[0][0])


def _only(warehouse: Warehouse, what: str, name: str, where: str) -> str:
    statement = sql.load(f"operations/feedback/find_{what}")
    found = [row[0] for row in warehouse.rows(statement, {"name": name})] if name else []
    if len(found) == 1 or name in found:
        return name if name in found else str(found[0])
    if not found:
        raise InputError(f"there is no {what} {printable(name)!r}: {where}")
    raise InputError(f"{printable(name)!r} begins {', '.join(found)} and perhaps more: {where}")
