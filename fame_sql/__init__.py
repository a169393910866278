"""Log anomaly detection as a SQL function over a DuckDB log warehouse."""

from __future__ import annotations

__version__ = "0.1.0"
