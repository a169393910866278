"""Sessions: DuckDB connections with the live functions, and planned queries on them."""

from __future__ import annotations
