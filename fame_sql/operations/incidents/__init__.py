"""Incidents: line and count anomalies that belong together, and how each one develops."""

from __future__ import annotations

from fame_sql.operations.incidents.changes import changes_after
from fame_sql.operations.incidents.gathering import update
from fame_sql.operations.incidents.incident import Change, Incident, Severity, State, Transition

__all__ = ["Change", "Incident", "Severity", "State", "Transition", "changes_after", "update"]
