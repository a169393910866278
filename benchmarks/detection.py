"""Effect of each part of the design: the masks, and the heads that score unseen messages.

    python benchmarks/detection.py                                  # the simulated data centre
    python benchmarks/detection.py --data BGL_2k.log --format bgl   # a labelled log
    python benchmarks/detection.py --decades     # numbers with a threshold within one decade

Each row is a separate warehouse, split by time and trained with one or more seeds. 'expert' is the
expert of the domain alone, 'mixture' the experts' scores weighted by the router's probabilities,
'lexical' the lexical head, and 'both' the mean log-odds of expert and lexical head.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from planted import decades

from fame_sql.domains.domains import group_templates
from fame_sql.evaluation.metrics import ScoredLines, measure
from fame_sql.evaluation.study.splits import by_time, read_lines
from fame_sql.evaluation.study.students import groupers
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import Hints, ingest_file
from fame_sql.models import load_champion
from fame_sql.models.model import Model
from fame_sql.pipeline.simulator import simulate
from fame_sql.students import StudentConfig
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

PATH = "(/[A-Za-z0-9_.+@%~-]+)+/?"
ERASED = [
    ("path", PATH, "<path>"),
    ("identifier", "[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*", "<id>"),
    ("address", "<id>([.:]<id>)+", "<id>"),
]
MASKS = {
    "erased": "every number erased",
    "kept": "first digit and size of numbers of up to three digits, as in the product",
    "two whole": "numbers of up to two digits whole, of three as in the product",
    "whole": "numbers of up to three digits whole",
}
WHOLE = {"two whole": ["number of two digits"]}
WHOLE["whole"] = [*WHOLE["two whole"], "number of three digits"]
COLUMNS = ("masks", "events", "judged by", "lines", "precision", "recall", "F1", "AP")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--format", default="bgl")
    parser.add_argument("--decades", action="store_true")
    parser.add_argument("--cut", type=float, default=0.8)
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    print(" ".join(f"{name:>10}" for name in COLUMNS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, log_format = chosen.data or folder / "simulated.log", chosen.format
        if chosen.decades:
            log, log_format = decades(folder / "decades.jsonl"), "jsonl"
        elif chosen.data is None:
            simulate(log)
        for masks in MASKS:
            source = build(folder / f"{masks}.duckdb", log, log_format, masks)
            for row in rows(source, folder, masks, chosen.cut, chosen.seeds):
                print(" ".join(f"{cell:>10}" for cell in row), flush=True)


def build(path: Path, log: Path, log_format: str, masks: str) -> Path:
    """Read the log into a warehouse with one of :data:`MASKS`."""
    with Warehouse.open(path, create=True) as warehouse:
        if masks == "erased":
            warehouse.connection.execute("DELETE FROM fame.masks")
            warehouse.connection.executemany(
                "INSERT INTO fame.masks VALUES (?, ?, ?, ?)",
                [[number, *mask] for number, mask in enumerate(ERASED, 1)],
            )
        for mask in WHOLE.get(masks, ()):
            warehouse.connection.execute("DELETE FROM fame.masks WHERE name = ?", [mask])
        hints = Hints(label_key="label") if log_format == "jsonl" else Hints()
        ingest_file(warehouse, log, format=log_format, hints=hints)
    return path


def rows(
    source: Path, folder: Path, masks: str, cut: float, seeds: int
) -> Iterator[tuple[object, ...]]:
    """Yield one row per way to score and part of the lines, averaged over seeds."""
    with Warehouse.open(source, read_only=True) as warehouse:
        lines = read_lines(warehouse)
    split = next(iter(by_time(lines, (cut,))))
    found: dict[tuple[str, str], list[dict[str, float | None]]] = {}
    for seed in range(seeds):
        made_in = folder / f"{masks}-{seed}"
        made_in.mkdir()
        with trial(source, made_in, lines, split, 20) as made:
            group_templates(made.warehouse, groupers(0)["fame"])
            train_students(made.warehouse, config=StudentConfig(preset="compact", seed=seed))
            for name, part, judged in judgements(made, load_champion(made.warehouse)):
                found.setdefault((name, part), []).append(measure(judged))
    for (name, part), measured in found.items():
        means = [mean(measured, key) for key in ("precision", "recall", "f1", "average_precision")]
        yield (masks, len(lines.canonical), name, part, *means)


def mean(measured: list[dict[str, float | None]], key: str) -> str:
    """Return the mean of a measure over seeds, as text."""
    values = [value for one in measured if (value := one[key]) is not None]
    return f"{np.mean(values):.3f}" if values else "-"


def judgements(made: Trial, model: Model) -> Iterator[tuple[str, str, ScoredLines]]:
    """Yield the scores of the seen and the unseen lines for each way to score."""
    events = sorted(made.texts)
    texts = [made.texts[event] for event in events]
    prediction = model.student.predict(texts)
    matched = [model.match(text) for text in texts]
    domain = np.array(
        [
            prediction.router[i].argmax() if t is None else model.domain_of_template[t.template_id]
            for i, t in enumerate(matched)
        ]
    )
    both = prediction.scores[np.arange(len(texts)), domain]
    lexical = log_odds(prediction.unseen)
    # The published score has the mean of both log-odds, so the expert's own are twice that minus
    # the lexical head's. An anomalous domain, which routing alone decides, stays at 1.
    expert = np.where(both == 1, 1.0, sigmoid(2 * log_odds(both) - lexical))
    experts = sigmoid(2 * log_odds(prediction.scores) - lexical[:, None])
    mixture = (prediction.router * np.where(prediction.scores == 1, 1.0, experts)).sum(axis=1)
    places = np.searchsorted(np.array(events), made.judged.event_id)
    ways = {"expert": expert, "mixture": mixture, "lexical": prediction.unseen, "both": both}
    for name, score in ways.items():
        judged = ScoredLines(
            score[places], made.judged.is_anomaly, made.judged.lines, made.judged.block
        )
        yield name, "seen", judged.where(made.judged.seen)
        yield name, "unseen", judged.where(~made.judged.seen)


def log_odds(score: np.ndarray) -> np.ndarray:
    """Return the log-odds of scores, clipped to stay finite."""
    inside = np.clip(score, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def sigmoid(odds: np.ndarray) -> np.ndarray:
    """Return the scores of log-odds."""
    return 0.5 + 0.5 * np.tanh(0.5 * odds)


if __name__ == "__main__":
    main()
