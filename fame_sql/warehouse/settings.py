"""The settings of a warehouse: the table ``fame.settings``, with a constant for each key.

All keys are listed here. Only the view ``fame.policy`` reads the table elsewhere, in SQL.
"""

from __future__ import annotations

import duckdb

from fame_sql import sql

UNSEEN = "new_templates"
"""What happens to messages of new templates: queue, alert or queue-only (``fame policy set``).

Earlier versions had the key ``unseen`` with other words, which the view still reads.
"""
MAX_FALSE_ALARMS = "max_false_alarms"
"""The target for trainings: at most this many false alarms per million lines."""
VALUE_HEADS = "value_heads"
"""Whether values decide, on or off; without it as in ``fame_sql/warehouse/values.py``."""
PARTITION_PLACE = "partition_place"
"""The folder or address of the Parquet partitions."""
REGISTERED_FOLDERS = "registered_folders"
"""The folders of partitions, as JSON, whose files a lake has taken over where they lie."""
DEFINITIONS = "definitions"
"""Hash of the statements that defined the views and macros."""
IDENTITY = "identity"
"""What tells this warehouse, and copies of it, from all others."""
PARTITION_DEFINITIONS = "partition_definitions"
"""The same, of the day when those that read partitions were defined."""
LINES = "lines"
"""What fame-sql knows of the lines that it has stored (``fame_sql/warehouse/lines.py``)."""
EVENTS_READ = "events_read"
"""Up to which snapshot of a lake the events have been judged (``warehouse/lake/feed.py``)."""
COUNTED_UNTIL = "counted_until"
"""The number of the last line that is counted (``fame_sql/operations/counts``)."""
COUNTS_RECOUNTED = "counts_recounted"
"""Set from a count of all lines until incidents have given up what it did not find."""
COUNT_RATE = "count_rate"
"""The rate of Benjamini and Hochberg for anomalies of counts."""
COUNT_LEAST_G = "count_least_g"
"""The least statistic of an anomaly of counts, calibrated on quiet time."""
NEEDED_VERSION = "needed_version"
"""The oldest fame-sql that knows the schema of this warehouse."""
INCIDENTS_READ = "incidents_read"
"""The last line that incidents were made from (``fame_sql/operations/incidents``)."""
INCIDENTS_RECOUNTED = "incidents_recounted"
"""When incidents followed a count of all lines last: their counts of then are no late lines."""
INCIDENT_GAP = "incident_gap"
"""The longest time between two anomalies of one incident, in seconds."""
INCIDENT_QUIET = "incident_quiet"
"""How long incidents have to be quiet until they are over, in seconds."""

ALERT_POSITION = "alert_position"
"""The number of the last change of an incident that alerts have read."""
ALERT_PASS = "alert_pass"
"""When alerts were decided last, in UTC."""
ALERT_BEAT = "alert_beat"
"""When the watcher of the alerts was called last, in UTC."""
ALERT_RESTORED = "alert_restored"
"""The last pass that this warehouse forgot, because an older copy of it was put back, in UTC."""


def read(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """Return the value of a setting, None if it is not set."""
    # All rows: DuckDB 2.0 keeps a connection busy until its result has been fetched.
    found = connection.execute("SELECT value FROM fame.settings WHERE key = ?", [key]).fetchall()
    return str(found[0][0]) if found else None


def write(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a setting, replacing its value."""
    connection.execute(sql.load("warehouse/set"), {"key": key, "value": value})


def remove(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Remove a setting; it need not be set."""
    connection.execute("DELETE FROM fame.settings WHERE key = ?", [key])
