"""Storage: partitions in Parquet files, expiry of old lines, and compaction."""

from __future__ import annotations
