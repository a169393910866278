"""The metrics of a warehouse: one statement for each set of labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fame_sql import sql
from fame_sql.operations.metrics.text import Metric, Sample, seconds_of
from fame_sql.warehouse.warehouse import Warehouse

_STATEMENTS = (
    ("warehouse", ()),
    ("model", ("version",)),
    ("service_levels", ("objective",)),
    ("incidents", ("severity",)),
    ("changes", ("transition",)),
    ("counts", ("kind",)),
    ("drift", ("service",)),
    ("channels", ("channel",)),
)
"""The statements, and which of their columns are labels. The others are metrics, by their names."""

_HELP = {
    "fame_lines": "Log lines that were read, in the file, in partitions or expired.",
    "fame_events": "Distinct canonical texts of lines.",
    "fame_events_unscored": "Events without a verdict of the champion.",
    "fame_line_timestamp_seconds": "Time of the newest line, by its own clock.",
    "fame_ingest_timestamp_seconds": "When lines were read last.",
    "fame_verdict_timestamp_seconds": "When events were scored last.",
    "fame_questions_waiting": "Templates that wait for an answer.",
    "fame_alerts_held": "Alerts that are held back now.",
    "fame_alert_pass_timestamp_seconds": "When alerts were decided last.",
    "fame_llm_cost_usd": "What requests to language models have cost.",
    "fame_model": "The champion.",
    "fame_service_level_ratio": "Share that is as it should be, by objective.",
    "fame_service_level_target_ratio": "Share that should be as it should be, by objective.",
    "fame_error_budget_left_ratio": "Share of the error budget that is left, by objective.",
    "fame_incidents_open": "Incidents that are not over and not dismissed, by severity.",
    "fame_incidents_dismissed": "Incidents that are not over and are dismissed, by severity.",
    "fame_incident_changes": "Changes of incidents, by transition.",
    "fame_count_anomalies": "Count anomalies in the newest day of the log, by kind.",
    "fame_drift_psi": "Distance of recent scores from those of calibration, by service.",
    "fame_drift_unknown_ratio": "Share of recent lines that no template knows, by service.",
    "fame_drift_state": "0 for fresh, 1 for ageing, 2 for stale, by service.",
    "fame_alerts_delivered": "Messages that a channel took.",
    "fame_alert_failures": "Attempts in a row that failed, by channel.",
    "fame_alerts_waiting": "Messages that wait, by channel.",
    "fame_alerts_degraded": "Messages of 30 days that lacked something, by channel.",
    "fame_metrics_timestamp_seconds": "When these metrics were made.",
}
"""The metrics and what they measure."""

_COUNTERS = {"fame_llm_cost_usd", "fame_incident_changes", "fame_alerts_delivered"}
_UNITS = ("seconds", "ratio")


def measure(warehouse: Warehouse, now: datetime) -> list[Metric]:
    """Return the metrics of a warehouse.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only.
    now : datetime
        The time, in UTC without a zone.
    """
    metrics = [
        metric
        for statement, labels in _STATEMENTS
        for metric in _of(warehouse.records(sql.load(f"operations/metrics/{statement}")), labels)
    ]
    made = Sample(seconds_of(now))
    return [*metrics, _metric("fame_metrics_timestamp_seconds", (made,))]


def names() -> list[str]:
    """Return the names of all metrics as they are queried."""
    return [_queried(name) for name in _HELP]


def _queried(name: str) -> str:
    return {"counter": f"{name}_total", "info": f"{name}_info"}.get(_kind(name), name)


def _of(rows: list[dict[str, Any]], labels: tuple[str, ...]) -> Iterator[Metric]:
    names = [name for name in (rows[0] if rows else ()) if name not in labels]
    for name in names:
        samples = tuple(
            Sample(float(row[name]), {label: row[label] or "" for label in labels})
            for row in rows
            if row[name] is not None
        )
        yield _metric(name, samples)


def _metric(name: str, samples: tuple[Sample, ...]) -> Metric:
    unit = next((unit for unit in _UNITS if name.endswith(f"_{unit}")), "")
    return Metric(name, _kind(name), _HELP[name], samples, unit)  # type: ignore[arg-type]


def _kind(name: str) -> str:
    return "info" if name == "fame_model" else "counter" if name in _COUNTERS else "gauge"
