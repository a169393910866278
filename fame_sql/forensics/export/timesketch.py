"""Rows as events of a timeline in Timesketch: JSON lines with the fields that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from fame_sql.forensics.export.values import document, line, microseconds, moment


def write(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write rows as events; one without any time is left out, for no timeline can hold it."""
    event = _of_incident if "incident_id" in schema.names else _of_line
    for batch in batches:
        for row in batch.to_pylist():
            if found := event(row):
                file.write(line(found))


def _of_line(row: dict[str, Any]) -> dict[str, Any] | None:
    at = row["timestamp"] or row["observed_timestamp"]
    if at is None:
        return None
    fields = document(row)
    fields.pop("timestamp", None)
    tags = ["anomalous"] if row["is_anomaly"] else []
    return {
        "message": fields.pop("body", ""),
        "datetime": moment(at),
        "timestamp": microseconds(at),
        "timestamp_desc": "Event Logged" if row["timestamp"] else "Event Observed",
        "data_type": "fame:log:line",
        "tag": tags,
        **fields,
    }


def _of_incident(row: dict[str, Any]) -> dict[str, Any]:
    where = f" of {row['service_name']}" if row["service_name"] else ""
    return {
        "message": f"incident {row['incident_id']}{where}: {row['template']}",
        "datetime": moment(row["first_seen"]),
        "timestamp": microseconds(row["first_seen"]),
        "timestamp_desc": "Incident Began",
        "data_type": "fame:incident",
        "tag": [f"severity:{row['severity']}"],
        **document(row),
    }
