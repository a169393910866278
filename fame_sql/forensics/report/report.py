"""The report on an incident or a period as one self-contained HTML page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fame_sql.console import Progress, SilentProgress
from fame_sql.forensics.charts import contributions, services, timeline
from fame_sql.forensics.pages.page import duration, moment, picture, render
from fame_sql.forensics.report.gathering import SHOWN, Findings, IncidentPart
from fame_sql.forensics.report.sentences import answer, unknown

_FRESH = 12
_CHANGED = 12


def html_report(found: Findings, source: str, progress: Progress | None = None) -> str:
    """Return the page.

    Parameters
    ----------
    found : Findings
        What was read.
    source : str
        Name of the warehouse, for the foot of the page.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    InputError
        If the extra ``forensics`` is not installed.
    """
    drawings = len(found.parts) + 2
    with (progress or SilentProgress()).step("drawing the report", drawings) as step:
        pictures = {"timeline": _timeline(found), "services": _services(found)}
        step.advance(2)
        parts = []
        for part in found.parts:
            parts.append({"part": part, "why": _why(part)})
            step.advance()
    return render(
        "report",
        title=title(found),
        found=found,
        source=source,
        answer=answer(found),
        is_bad=bool(found.incidents.rows),
        unknown=list(unknown(found)),
        **pictures,
        parts=parts,
        begins=not any(row["count_a"] for row in found.changed.rows),
        fresh=found.fresh.rows[:_FRESH],
        changed=_changed(found)[:_CHANGED],
        differ=len(_changed(found)),
        others=found.incidents.rows[SHOWN:] if found.focus is None else _others(found),
    )


def title(found: Findings) -> str:
    """Return the title of a report."""
    if found.focus is not None:
        where = found.focus["service_name"] or "the log"
        return f"Incident {found.focus['incident_id']} in {where}"
    return f"Logs from {moment(found.start)} to {moment(found.stop)} UTC"


def _others(found: Findings) -> list[dict[str, Any]]:
    focus = found.focus or {}
    rows = found.incidents.rows
    return [row for row in rows if row["incident_id"] != focus.get("incident_id")]


def _changed(found: Findings) -> list[dict[str, Any]]:
    """Return templates that differ from the span before, except those that are new altogether."""
    new = {row["template_id"] for row in found.fresh.rows}
    return [
        row
        for row in found.changed.rows
        if row["p_adjusted"] is not None and row["p_adjusted"] < 0.05
        if row["template_id"] not in new
    ]


def _timeline(found: Findings) -> Any:
    rows = [row for row in found.timeline.rows if row["anomalous_lines"]]
    if not rows:
        return None
    marked = [part.incident for part in found.parts]
    period = _period(found)
    label = f"Anomalous lines by domain, every {duration(found.minutes)}, with incidents marked"
    return picture(
        lambda width: timeline.chart(rows, marked, width=_inner(width), period=period), label
    )


def _services(found: Findings) -> Any:
    if not found.timeline.rows:
        return None
    rows, period = found.timeline.rows, _period(found)
    label = f"Lines by service, every {duration(found.minutes)}, anomalous lines marked"
    return picture(lambda width: services.chart(rows, width=_inner(width), period=period), label)


def _period(found: Findings) -> tuple[datetime, datetime]:
    """Return the range of time of the charts: that of the report, in whole buckets."""
    starts = [row["bucket_start"] for row in found.timeline.rows]
    end = max(starts) + timedelta(minutes=found.minutes)
    return min([*starts, found.start]), max(end, found.stop)


def _inner(width: int) -> int:
    """Return the width of a chart without the labels on its left."""
    return round(0.8 * width if width > 500 else 0.7 * width)


def _why(part: IncidentPart) -> Any:
    if part.explanation is None or not part.explanation["words"]:
        return None
    words = part.explanation["words"]
    return picture(
        lambda width: contributions.chart(words, width=width),
        "The worst line, coloured by what each word adds to its score",
    )
