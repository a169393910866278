"""Confirm and dismiss: what people say of what they were shown."""

from __future__ import annotations

from fame_sql import sql
from fame_sql.warehouse.warehouse import Warehouse


def complete_feedback(warehouse: Warehouse) -> None:
    """Fill in what feedback that was given by SQL leaves out, inside the caller's transaction."""
    warehouse.connection.execute(sql.load("operations/feedback/complete"))
