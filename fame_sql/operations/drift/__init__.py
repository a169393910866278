"""Drift: whether the model still knows the lines that come."""

from __future__ import annotations

from fame_sql.operations.drift.drift import Drift, Freshness, read_drift

__all__ = ["Drift", "Freshness", "read_drift"]
