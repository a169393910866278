"""How well 'fame look' picks what a reader of a log would pick, and which parts of it matter.

Reads the logs of ``suspects.toml`` below a data folder, ranks them, and prints precision and recall
in the first three and ten, what stands out in quiet logs, seconds, and all of it again without each
part of the ranking and with the parts that were tried and left out. Last, average precision over
the lines of BGL_2k, with and without its two commonest templates of alerts.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import subprocess
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, average_precision
from fame_sql.ingest import ingest_file
from fame_sql.suspects import Look, find_suspects
from fame_sql.templates.mining import mine
from fame_sql.verdict.statements import load
from fame_sql.warehouse.warehouse import Warehouse

VIEW = "warehouse/views/13_suspects"
SEVERITY = "counted.severity * coalesce(severity_trust.trust, 1)"
WORDS = "counted.words * coalesce(phrase_trust.trust, 1)"
ADDED = "* (volume + concentration),"
VARIANTS = {
    "as it is": [],
    "without level": [(SEVERITY, "0")],
    "without failure words": [(WORDS, "0")],
    "level alone": [(WORDS, "0"), (ADDED, "* 0,")],
    "without number of lines": [(ADDED, "* concentration,")],
    "without concentration": [(ADDED, "* volume,")],
    "with bursts": [(ADDED, "* (volume + concentration + (burst_lines IS NOT NULL)::INTEGER),")],
    "with late beginning": [(ADDED, "* (volume + concentration + is_new::INTEGER),")],
    "words of INFO in full": [("severity) = 0, 0.5, 1)", "severity) = 0, 1, 1)")],
}
BGL = "loghub/BGL/BGL_2k.log"
_STRENGTHS = ("strong", "worth a look")
_RECALL = ("recall in 3", "in 10")
LEVEL = re.compile(
    r"(?:\S+ )?(?:\d{2}:\d{2}:\d{2}[.,]\d+ +)?(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+"
)


@dataclass(frozen=True)
class Case:
    """A log that was read and mined, with what should be found in it."""

    name: str
    warehouse: Warehouse
    wanted: tuple[str, ...]
    fine: str
    lines: int

    def judged(self, found: Look, first: int) -> tuple[float, float]:
        """Return precision and recall of the first suspects."""
        shown = found.matters[:first]
        good = re.compile("|".join(f"(?:{one})" for one in (*self.wanted, self.fine)))
        hits = sum(bool(good.search(matter.suspect.example)) for matter in shown)
        texts = [one.example for m in shown for one in (m.suspect, *m.others)]
        seen = sum(any(re.search(one, text) for text in texts) for one in self.wanted)
        return hits / max(len(shown), 1), seen / len(self.wanted)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the logs of suspects.toml")
    parser.add_argument("--show", action="store_true", help="print what is found in each log")
    given = parser.parse_args()
    logs = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        cases = [_case(name, log, given.data, Path(folder)) for name, log in logs.items()]
        _print_logs(cases, show=given.show)
        bgl = _opened(Path(folder) / "bgl.duckdb", [given.data / BGL], join_lines=False)
        _print_variants(cases, bgl)


def _case(name: str, log: dict, data: Path, folder: Path) -> Case:
    files = [path for pattern in log["files"] for path in sorted(data.glob(pattern))]
    files = [_plain(path, folder) for path in files if path.stat().st_size]
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.duckdb"
    warehouse = _opened(path, files, join_lines=log.get("join_lines", False))
    lines = warehouse.value("SELECT count(*) FROM fame.logs")
    return Case(name, warehouse, tuple(log.get("wanted", ())), log.get("fine", ""), lines)


def _opened(path: Path, files: Iterable[Path], *, join_lines: bool) -> Warehouse:
    warehouse = Warehouse.open(path, create=True)
    for file in files:
        ingest_file(warehouse, file, join_lines=join_lines)
    mine(warehouse, fraction=1.0)
    return warehouse


def _plain(path: Path, folder: Path) -> Path:
    """Return a file that can be read as it is; a compressed CSV file as JSON lines."""
    if not path.name.endswith(".csv.zst"):
        return path
    text = subprocess.run(["zstd", "-dc", path], capture_output=True, text=True, check=True).stdout
    target = folder / f"{path.name}.jsonl"
    with target.open("w") as file:
        file.writelines(json.dumps(one) + "\n" for one in _records(text))
    return target


def _records(text: str) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(text)):
        if "Log" not in row:
            time_ = row["time"].replace(",", ".")
            yield {"timestamp": time_, "level": row["level"], "message": row["message"]}
            continue
        message = _message(row["Log"])
        level = LEVEL.match(message)
        facts = {"timestamp": row["Timestamp"], "host": row["Node"], "service": row["Container"]}
        if level:
            facts["level"] = level[1]
        yield {**facts, "message": message[level.end() if level else 0 :].strip()}


def _message(text: str) -> str:
    """Return the message of a container's JSON record, of which several may stand in one field."""
    try:
        return str(json.JSONDecoder().raw_decode(text)[0]["log"])
    except (ValueError, KeyError, TypeError):
        return text


def _print_logs(cases: list[Case], *, show: bool) -> None:
    _print_row("log", "lines", "precision in 3", *_RECALL, *_STRENGTHS, "highest", "seconds")
    _print_row(*["---"] * 9)
    for case in cases:
        begun = time.monotonic()
        found = find_suspects(case.warehouse)
        seconds = time.monotonic() - begun
        rates = [f"{rate:.2f}" for rate in _rates(case, found)] if case.wanted else [""] * 3
        highest = (*found.matters, *found.closest)[0].suspect.suspicion
        counts = _counts([found])
        _print_row(
            case.name, f"{case.lines:,}", *rates, *counts, f"{highest:.2f}", f"{seconds:.1f}"
        )
        for matter in found.matters[:10] if show else ():
            reasons = "; ".join(matter.suspect.reasons())
            print(f"    {len(matter.others)} with it; {reasons}: {matter.suspect.example[:100]!r}")


def _print_variants(cases: list[Case], bgl: Warehouse) -> None:
    quiet = (f"{name} in quiet logs" for name in _STRENGTHS)
    print()
    _print_row("ranking", "precision in 3", *_RECALL, *quiet, "AP BGL_2k", "without 2 templates")
    _print_row(*["---"] * 8)
    for name, changes in VARIANTS.items():
        for warehouse in (*(case.warehouse for case in cases), bgl):
            define(warehouse, changes)
        looks = [(case, find_suspects(case.warehouse)) for case in cases]
        rates = np.mean([_rates(case, look) for case, look in looks if case.wanted], axis=0)
        counts = _counts([look for case, look in looks if not case.wanted])
        precisions = [f"{value:.3f}" for value in _precisions(bgl)]
        _print_row(name, *(f"{rate:.2f}" for rate in rates), *counts, *precisions)


def _rates(case: Case, found: Look) -> tuple[float, float, float]:
    """Return precision in the first three, and recall in the first three and ten."""
    return (*case.judged(found, 3), case.judged(found, 10)[1])


def _counts(looks: list[Look]) -> list[int]:
    found = [matter.suspect.strength for look in looks for matter in look.matters]
    return [found.count(strength) for strength in _STRENGTHS]


def _print_row(*cells: object) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def define(warehouse: Warehouse, changes: list[tuple[str, str]]) -> None:
    """Define the view with some of its parts changed."""
    statement = load(VIEW)
    for before, after in changes:
        if before not in statement:
            raise ValueError(f"{VIEW} no longer contains {before!r}")
        statement = statement.replace(before, after)
    warehouse.connection.execute(statement)


def _precisions(warehouse: Warehouse) -> list[float]:
    """Return average precision over lines, and over those of all but two templates."""
    rows = warehouse.rows(
        "SELECT suspicion, logs.label <> '-', template_id FROM fame.suspects "
        "INNER JOIN fame.suspect_lines USING (suspect_id) INNER JOIN fame.logs USING (log_id)"
    )
    common = Counter(template for _, anomalous, template in rows if anomalous).most_common(2)
    rest = [row for row in rows if row[2] not in dict(common)]
    return [average(rows), average(rest)]


def average(rows: list[tuple]) -> float:
    """Return average precision of rows that begin with a score and the truth."""
    score, truth = (np.array([row[i] for row in rows]) for i in (0, 1))
    ones = np.ones(len(rows))
    judged = ScoredLines(score.astype(float), truth.astype(bool), ones, ones.astype(np.int64))
    return average_precision(judged) or 0.0


if __name__ == "__main__":
    main()
