"""Count anomalies on a day with injected faults: ``python benchmarks/counts.py DAY FAULTS``.

The day is Nezha's: container logs as JSON in a CSV file, sessions of three minutes, one fault in
each, which a JSON file lists. The header of a message (time, level, logger, trace) is taken off. A
service's score is the greatest statistic of its templates in the windows of the fault's session
that end after the injection; with trace IDs, that of its gaps is added.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from fame_sql.ingest import ingest_file
from fame_sql.operations.counts import compare_between, update
from fame_sql.templates.mining import mine
from fame_sql.warehouse.connection import utc_now
from fame_sql.warehouse.masks import choose_masks, set_masks
from fame_sql.warehouse.warehouse import Warehouse

POD = re.compile(r"-[0-9a-f]{8,10}-[a-z0-9]{5}$")
HEADER = re.compile(r"^\S+ +(?P<level>[A-Z]+) +(?P<logger>\S+#\d+) +(TraceID: \S+ SpanID: \S+ )?")
FOREVER = (datetime(1970, 1, 1), datetime(9000, 1, 1))

SCORES = """
SELECT
    measure = 'gaps' AS of_gaps, service_name, max(g) AS g,
    bool_or(p_adjusted <= 0.05 AND sessions >= 3) AS is_significant
FROM count_tests
WHERE window_start >= $start AND window_end <= $stop AND window_end > $since
GROUP BY ALL
"""
SESSION = """
SELECT session_start, max(bucket) + INTERVAL 30 SECONDS
FROM session_buckets GROUP BY session_start
HAVING session_start <= $since + INTERVAL 30 SECONDS
ORDER BY session_start DESC LIMIT 1
"""


def rows(path: Path) -> Iterator[tuple[str, str, str | None, str, str]]:
    """Yield time, service, trace, level and message of each distinct line that can be read."""
    csv.field_size_limit(1 << 30)
    seen = set()
    with pa.input_stream(str(path)) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
        for row in csv.DictReader(text):
            try:
                message = json.loads(row["Log"])["log"].strip()
            except (ValueError, KeyError, TypeError):
                continue
            key = (row["Timestamp"], row["PodName"], row["SpanID"], message)
            if key in seen:
                continue
            seen.add(key)
            level = HEADER.match(message)
            trace = row["TraceID"] if re.fullmatch("[0-9a-f]{16,}", row["TraceID"] or "") else None
            yield (
                row["Timestamp"],
                POD.sub("", row["PodName"]),
                trace,
                level["level"] if level and level["level"] else "",
                HEADER.sub("", message),
            )


def read(day: Path, folder: Path, masks: str | None) -> Warehouse:
    """Return a warehouse with the day and its templates."""
    names = ("timestamp", "service", "trace_id", "level", "message")
    with (folder / "day.jsonl").open("w") as file:
        for row in sorted(rows(day), key=lambda row: row[0]):
            file.write(json.dumps(dict(zip(names, row, strict=True))) + "\n")
    warehouse = Warehouse.open(folder / "day.duckdb", create=True)
    if masks:
        set_masks(warehouse, choose_masks(masks))
    report = ingest_file(warehouse, folder / "day.jsonl")
    mine(warehouse, fraction=1.0)
    templates = warehouse.value("SELECT count(*) FROM fame.templates")
    print(f"{report.rows} lines, {templates} templates")
    return warehouse


def faults(path: Path) -> list[tuple[datetime, str, str]]:
    """Return time, service and kind of each fault."""
    listed = [fault for hour in json.loads(path.read_text()).values() for fault in hour]
    return [
        (datetime.fromisoformat(f["inject_time"]), POD.sub("", f["inject_pod"]), f["inject_type"])
        for f in listed
    ]


def judge(warehouse: Warehouse, since: datetime, culprit: str) -> dict[str, object]:
    """Return how the culprit of a fault ranks, and who is flagged."""
    [(start, stop)] = warehouse.rows(SESSION, {"since": since})
    stop = max(stop, since + timedelta(minutes=1))
    found = warehouse.rows(SCORES, {"since": since, "start": start, "stop": stop})
    facts: dict[str, object] = {}
    for name, measures in (("shares", (False,)), ("gaps", (True,)), ("both", (False, True))):
        scores: dict[str, float] = {}
        for of_gaps, service, g, _ in found:
            if of_gaps in measures:
                scores[service] = scores.get(service, 0) + g
        own = scores.get(culprit)
        above = sum(score >= own for s, score in scores.items() if s != culprit) if own else 99
        flagged = {s for of_gaps, s, _, significant in found if significant and of_gaps in measures}
        facts[name] = {"rank": 1 + above, "flagged": flagged}
    return facts


def print_rows(name: str, judged: list[dict], listed: list[tuple], services: int) -> None:
    """Print the rows of the table."""
    for way in ("shares", "gaps", "both"):
        ranks = [facts[way]["rank"] for facts in judged]
        detected = sum(
            f[1] in facts[way]["flagged"] for facts, f in zip(judged, listed, strict=True)
        )
        innocents = sum(
            len(facts[way]["flagged"] - {f[1]}) for facts, f in zip(judged, listed, strict=True)
        )
        share = innocents / (len(listed) * (services - 1))
        first, third = sum(r == 1 for r in ranks), sum(r <= 3 for r in ranks)
        print(
            f"| {way}, {name} | {first} | {third} | {detected} of {len(listed)} | {share:.1%} |",
            ranks,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("day", type=Path)
    parser.add_argument("faults", type=Path)
    parser.add_argument("--masks")
    arguments = parser.parse_args()
    listed = faults(arguments.faults)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = read(arguments.day, Path(folder), arguments.masks)
        started = time.perf_counter()
        print(update(warehouse), f"{time.perf_counter() - started:.1f} s")
        services = warehouse.value("SELECT count(DISTINCT service_name) FROM fame.line_counts")
        for name, looking_back in (("looking back", True), ("live", False)):
            started = time.perf_counter()
            compare_between(warehouse, *FOREVER, now=utc_now(), looking_back=looking_back)
            print(f"{name}: {time.perf_counter() - started:.1f} s")
            judged = [judge(warehouse, since, service) for since, service, _ in listed]
            print_rows(name, judged, listed, services)
        warehouse.close()


if __name__ == "__main__":
    main()
