"""The settings of counts, incidents and service levels that people change, with what is allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.alerts.durations import duration, span_of
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Setting:
    """A setting that people change.

    Parameters
    ----------
    key : str
        Its key in ``fame.settings``.
    default : float
        Its value unless it is set.
    low, high : float
        What is allowed, both included.
    help : str
        What it does.
    is_span : bool
        Whether it is a span of time, kept in seconds and written like ``2m``.
    """

    key: str
    default: float
    low: float
    high: float
    help: str
    is_span: bool = False


_WEEK = 7 * 86_400

SETTINGS = {
    setting.key: setting
    for setting in (
        Setting(
            settings.COUNT_RATE, 0.05, 1e-9, 0.5, "Share of false findings in a window of counts."
        ),
        Setting(
            settings.COUNT_LEAST_G, 0, 0, 1e9, "Least statistic of a count anomaly, see calibrate."
        ),
        Setting(
            settings.INCIDENT_GAP, 120, 1, 86_400, "Longest gap within an incident.", is_span=True
        ),
        Setting(
            settings.INCIDENT_QUIET,
            600,
            0,
            _WEEK,
            "Quiet time after which an incident is over.",
            is_span=True,
        ),
        Setting("level_days", 7, 1, 90, "Days over which service levels are measured."),
        Setting("coverage_target", 0.999, 0.5, 1, "Share of lines that have a verdict."),
        Setting("freshness_target", 0.99, 0.5, 1, "Share of lines that are read in time."),
        Setting(
            "freshness_threshold", 900, 1, _WEEK, "Time from writing to reading.", is_span=True
        ),
        Setting("latency_target", 0.99, 0.5, 1, "Share of lines that are judged in time."),
        Setting("latency_threshold", 300, 1, _WEEK, "Time from reading to verdict.", is_span=True),
        Setting("stability_target", 0.95, 0.5, 1, "Share of lines of services with stable scores."),
        Setting("stability_threshold", 0.25, 0.01, 10, "PSI from which scores are not stable."),
        Setting("answers_target", 0.9, 0.5, 1, "Share of questions that do not wait too long."),
        Setting("answers_threshold", 172_800, 60, 90 * 86_400, "Time for an answer.", is_span=True),
    )
}
"""The settings by their keys."""


def list_settings(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return each setting with its value, its default and what it does."""
    return [
        {
            "setting": key,
            "value": _shown(setting, _value(warehouse, setting)),
            "default": _shown(setting, setting.default),
            "is_set": settings.read(warehouse.connection, key) is not None,
            "what": setting.help,
        }
        for key, setting in SETTINGS.items()
    ]


def set_value(warehouse: Warehouse, key: str, text: str) -> str:
    """Set a setting, and return its value as it is shown.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    key : str
        Which setting.
    text : str
        A number, or a span of time such as ``2m``.

    Raises
    ------
    InputError
        If there is no such setting, or the value is not allowed.
    """
    setting = _setting(key)
    value = _read(setting, text)
    settings.write(warehouse.connection, key, f"{value:.17g}")
    _let_incidents_follow(warehouse, key)
    return _shown(setting, value)


def reset(warehouse: Warehouse, key: str) -> str:
    """Give a setting its default again, and return that as it is shown.

    Raises
    ------
    InputError
        If there is no such setting.
    """
    setting = _setting(key)
    settings.remove(warehouse.connection, key)
    _let_incidents_follow(warehouse, key)
    return _shown(setting, setting.default)


def _let_incidents_follow(warehouse: Warehouse, key: str) -> None:
    """Let incidents give up the count anomalies that are none with another rate or statistic."""
    if key in (settings.COUNT_RATE, settings.COUNT_LEAST_G):
        settings.write(warehouse.connection, settings.COUNTS_RECOUNTED, "true")


def _setting(key: str) -> Setting:
    if key not in SETTINGS:
        raise InputError(f"there is no setting {key!r}; settings are {', '.join(SETTINGS)}")
    return SETTINGS[key]


def _value(warehouse: Warehouse, setting: Setting) -> float:
    stored = settings.read(warehouse.connection, setting.key)
    return setting.default if stored is None else float(stored)


def _read(setting: Setting, text: str) -> float:
    if setting.is_span:
        value = duration(text, setting.key).total_seconds()
    else:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
    if not setting.low <= value <= setting.high:
        low, high = _shown(setting, setting.low), _shown(setting, setting.high)
        raise InputError(
            f"{setting.key} = {text!r} is not allowed: it lies between {low} and {high}"
        )
    return value


def _shown(setting: Setting, value: float) -> str:
    return span_of(value) if setting.is_span else f"{value:.10g}"
