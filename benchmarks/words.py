"""Words beside the lexical head of an encoder: how each ranks lines of seen and unseen templates.

    python benchmarks/words.py BGL_2k.log
    python benchmarks/words.py --simulated 4

Splits a labelled log by time and by whole templates, fits both heads to the same labelled events,
at most K lines per template, and prints the average precision of each on the judged lines, with
the difference and its 95 % interval over all splits (resampling splits and blocks of time).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, difference, with_intervals
from fame_sql.evaluation.study.splits import by_templates, by_time, read_lines
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import Hints, ingest_file
from fame_sql.pipeline.simulator import simulate
from fame_sql.students.calibration.calibration import sigmoid
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.lexical import lexical_log_odds
from fame_sql.students.words.training import unseen_log_odds
from fame_sql.warehouse.warehouse import Warehouse

HEADS = {"words": unseen_log_odds, "lexical head": lexical_log_odds}
CUTS = (0.5, 0.6, 0.7, 0.8)
MEASURE = "average_precision"


def main() -> None:
    """Print one row per protocol and part of the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, nargs="?", help="a labelled log, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--label-key", help="the key of the label, in a log of JSON lines")
    parser.add_argument("--simulated", type=int, default=0, help="simulated logs instead")
    parser.add_argument("--seeds", type=int, default=3, help="assignments of templates to folds")
    parser.add_argument("-k", "--per-template", type=int, default=20)
    given = parser.parse_args()
    found: dict[tuple[str, str], dict[str, list[ScoredLines]]] = {}
    for log, log_format in logs(given):
        for protocol, made in trials(log, log_format, given):
            for part, name, judged in scored(made):
                if judged.is_anomaly.any():
                    found.setdefault((protocol, part), {}).setdefault(name, []).append(judged)
    for (protocol, part), heads in found.items():
        print_row(f"{protocol}, {part}", heads)


def logs(given: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """Yield the log that is given, or simulated ones."""
    if given.log:
        yield given.log, given.format
    for seed in range(given.simulated):
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder) / "centre.log", lines=20_000, seed=seed)
            yield Path(folder) / "centre.log", "bgl"


def trials(log: Path, log_format: str, given: argparse.Namespace) -> Iterator[tuple[str, Trial]]:
    """Yield the trial of each split, with the name of its protocol."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Warehouse.open(folder / "whole.duckdb", create=True) as warehouse:
            hints = Hints(label_key=given.label_key)
            ingest_file(warehouse, log, format=log_format, hints=hints)
            lines = read_lines(warehouse)
        splits = [*by_time(lines, CUTS)]
        splits += [split for seed in range(given.seeds) for split in by_templates(lines, 4, seed)]
        for number, split in enumerate(splits):
            (folder / str(number)).mkdir()
            with trial(
                folder / "whole.duckdb", folder / str(number), lines, split, given.per_template
            ) as made:
                yield split.protocol, made


def scored(made: Trial) -> Iterator[tuple[str, str, ScoredLines]]:
    """Yield the judged lines of seen and of unseen templates with the log-odds of each head."""
    count = len(made.labelled)
    events = LabelledEvents(
        [event.canonical for event in made.labelled],
        np.array([event.share for event in made.labelled]),
        np.zeros(count, dtype=np.int64),
        np.ones(count),
        np.zeros(count, dtype=bool),
    )
    judged = made.judged
    texts = [made.texts[event] for event in judged.event_id.tolist()]
    for name, fit in HEADS.items():
        # Divided, so that large log-odds keep their order: only the order counts here.
        score = sigmoid(fit(events, texts) / 10)
        lines = ScoredLines(score, judged.is_anomaly, judged.lines, judged.block)
        yield "seen", name, lines.where(judged.seen)
        yield "unseen", name, lines.where(~judged.seen)


def print_row(title: str, heads: dict[str, list[ScoredLines]]) -> None:
    """Print the mean average precision of each head, and the difference with its interval."""
    means = {name: with_intervals(parts)[MEASURE].value for name, parts in heads.items()}
    gain = difference(heads["words"], heads["lexical head"], MEASURE)
    cells = ", ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    interval = f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
    print(f"{title} ({len(heads['words'])} splits): {cells}, difference {interval}")


if __name__ == "__main__":
    main()
