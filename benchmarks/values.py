"""Value heads beside words: how each judges lines of templates that values decide.

    python benchmarks/values.py --logs 10           # decades at K = 20 and 100, simulator at K = 20
    python benchmarks/values.py --data BGL_2k.log   # what the choice of labels costs elsewhere

Each simulated log has a seed of its own. It is split by time at 80 %, and a model of words is
trained on at most K labelled lines for each template, drawn as without value heads, and drawn so
that they spread over values. 'mixed' are the later lines of known templates that have both kinds
of lines, in the labels or later; 'others' are all other later lines.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from planted import decades
from scipy.stats import t as students_t

from fame_sql.domains.domains import group_templates
from fame_sql.evaluation.metrics import ScoredLines, measure
from fame_sql.evaluation.study.splits import by_time, read_lines
from fame_sql.evaluation.study.students import groupers
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import Hints, ingest_file
from fame_sql.models import load_champion
from fame_sql.pipeline.simulator import simulate
from fame_sql.training.training import train_students
from fame_sql.training.values import fit_heads
from fame_sql.warehouse.warehouse import Warehouse

MEASURES = ("f1", "average_precision")
WAYS = ("words", "words, spread labels", "values")
CUT = 0.8


@dataclass(frozen=True)
class Later:
    """The later lines of a log: messages, canonical texts and labels."""

    messages: list[str]
    canonical: list[str]
    is_anomaly: npt.NDArray[np.bool_]


Scores = dict[str, npt.NDArray[np.float64]]
Measured = dict[tuple[str, str], dict[str, float | None]]


def main() -> None:
    """Print a row for each kind of log, part of the lines and way to judge them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=10, help="simulated logs of each kind")
    parser.add_argument("--data", type=Path, help="a labelled log instead")
    parser.add_argument("--format", default="bgl")
    given = parser.parse_args()
    if given.data:
        report(str(given.data.name), [measured(given.data, given.format, 20)])
        return
    for kind, k in (("decades", 20), ("decades", 100), ("simulator", 20)):
        report(f"{kind}, K = {k}", [simulated(kind, seed, k) for seed in range(given.logs)])


def simulated(kind: str, seed: int, k: int) -> Measured:
    """Return the measures on one simulated log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        if kind == "decades":
            return measured(decades(log, seed), "jsonl", k)
        simulate(log, lines=20_000, seed=seed)
        return measured(log, "bgl", k)


def measured(log: Path, log_format: str, k: int) -> Measured:
    """Return the measures of each way to judge, on each part of the later lines."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "whole.duckdb"
        hints = Hints(label_key="label") if log_format == "jsonl" else Hints()
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, log, format=log_format, hints=hints)
            lines = read_lines(warehouse)
            body = dict(warehouse.rows("SELECT log_id, body FROM fame.logs"))
        split = next(iter(by_time(lines, (CUT,))))
        later = Later(
            [body[line] for line in lines.log_id[split.judged].tolist()],
            [lines.canonical[event] for event in lines.event_id[split.judged].tolist()],
            lines.is_anomaly[split.judged],
        )
        scores: Scores = {}
        mixed = np.zeros(len(later.messages), dtype=bool)
        for spread in (False, True):
            place = Path(name) / str(spread)
            place.mkdir()
            with trial(source, place, lines, split, k, value_heads=spread) as made:
                found, is_mixed = judged(made, later, spread=spread)
                scores |= found
                mixed |= is_mixed
    return {
        (part, way): measure(scored(scores[way][here], later.is_anomaly[here]))
        for part, here in (("mixed", mixed), ("others", ~mixed))
        for way in WAYS
        if here.any()
    }


def judged(made: Trial, later: Later, *, spread: bool) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """Return the scores of the later lines, and which of them are of a mixed template."""
    warehouse = made.warehouse
    group_templates(warehouse, groupers(0)["fame"])
    train_students(warehouse)
    model = load_champion(warehouse)
    texts = sorted(set(later.canonical))
    verdicts = dict(zip(texts, model.verdicts(texts), strict=True))
    of_line = [verdicts[text] for text in later.canonical]
    words = np.array([verdict.score for verdict in of_line])
    templates = [verdict.template_id for verdict in of_line]
    mixed = mixed_templates(warehouse, templates, later.is_anomaly)
    is_mixed = np.array([template in mixed for template in templates])
    if not spread:
        return {WAYS[0]: words}, is_mixed
    heads = {head.template_id: head for head in fit_heads(warehouse)}
    values = [
        heads[v.template_id].score(m, v.score) if v.template_id in heads else v.score
        for m, v in zip(later.messages, of_line, strict=True)
    ]
    return {WAYS[1]: words, WAYS[2]: np.array(values)}, is_mixed


def mixed_templates(
    warehouse: Warehouse, templates: Sequence[str | None], is_anomaly: npt.NDArray[np.bool_]
) -> set[str | None]:
    """Return the known templates with both kinds of labels, or both kinds of later lines."""
    kinds: dict[str | None, set[bool]] = defaultdict(set)
    for template, kind in zip(templates, is_anomaly.tolist(), strict=True):
        kinds[template].add(kind)
    for template, kind in warehouse.rows(
        "SELECT events.template_id, is_anomaly FROM fame.labels JOIN fame.events USING (event_id)"
    ):
        kinds[template].add(kind)
    return {template for template, found in kinds.items() if template and len(found) == 2}


def scored(score: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> ScoredLines:
    """Return lines as the measures take them."""
    return ScoredLines(score, truth, np.ones(len(score)), np.zeros(len(score), dtype=np.int64))


def report(title: str, logs: Sequence[Measured]) -> None:
    """Print the mean of each measure over logs, and its gain over words, with 95 % intervals."""
    for part in ("mixed", "others"):
        for way in WAYS:
            cells = []
            for name in MEASURES:
                pairs = [
                    (log[part, way][name], log[part, WAYS[0]][name])
                    for log in logs
                    if (part, way) in log
                ]
                known = [
                    (own, words) for own, words in pairs if own is not None and words is not None
                ]
                if known:
                    cells.append(f"{name} {interval([own for own, _ in known])}")
                    if way != WAYS[0]:
                        cells.append(f"gain {interval([own - words for own, words in known])}")
            if cells:
                print(f"{title}, {part}, {way} ({len(logs)} logs): {', '.join(cells)}", flush=True)


def interval(values: Sequence[float]) -> str:
    """Return the mean of a measure as text, with its interval if there are several logs."""
    mean = np.mean(values)
    if len(values) == 1:
        return f"{mean:.3f}"
    half = students_t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{mean:.3f} [{mean - half:.3f}, {mean + half:.3f}]"


if __name__ == "__main__":
    main()
