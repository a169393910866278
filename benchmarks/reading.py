"""Detection by the words of a message, with and without severity and component before them.

    python benchmarks/reading.py BGL_2k.log
    python benchmarks/reading.py BGL_2k.log --preset pretrained    # also by vectors of an encoder

The lexical head learns from the same labelled lines and scores the same lines of the same splits;
only the text differs. Whether a template is known depends on the body alone in every row. The
encoder is not trained; logistic regression is fitted on its vectors.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from cases import Figures, print_figures, splits_of
from detection import sigmoid

from fame_sql.evaluation.metrics import ScoredLines, measure
from fame_sql.evaluation.study.splits import LabelledLines, Split, read_lines
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import ingest_file
from fame_sql.students.lexical import REGULARISATION, Floats, fit_lexical
from fame_sql.students.network import encoder
from fame_sql.students.network.inference import read_vectors
from fame_sql.students.network.pretrained import read_tokenizer
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.presets import choose
from fame_sql.warehouse.warehouse import Warehouse

TEXTS = {
    "body": "events.canonical",
    "severity and body": "concat_ws(' ', severity_text, events.canonical)",
    "component and body": "concat_ws(' ', service_name, events.canonical)",
    "severity, component and body": "concat_ws(' ', severity_text, service_name, events.canonical)",
}
JUDGED = """
SELECT logs.log_id, {text} FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
"""
LEARNED = """
SELECT {text} AS words, avg(labels.is_anomaly::INTEGER) FROM fame.labels AS labels
INNER JOIN fame.logs AS logs ON labels.log_id = logs.log_id
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
GROUP BY words ORDER BY words
"""

Reader = Callable[[Sequence[str]], Floats]
"""From texts to one vector each."""


def main() -> None:
    """Print one row per split and text, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log with severities, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument(
        "--seeds", type=int, default=2, help="random assignments of templates to folds"
    )
    parser.add_argument("--preset", help="a pretrained encoder, as for 'fame train --preset'")
    given = parser.parse_args()
    reader = reading(given.preset) if given.preset else None
    found: dict[tuple[str, str], list[Figures]] = {}
    for split, name, figures in rows(given.log, given.format, given.seeds, reader):
        found.setdefault((split.protocol, name), []).append(figures)
        print_figures(f"{split.protocol} {split.name}, {name}", figures)
    for (protocol, name), each in found.items():
        means = {key: float(np.nanmean([one[key] for one in each])) for key in each[0]}
        print_figures(f"mean of {len(each)} by {protocol}, {name}", means)


def reading(name: str) -> Reader:
    """Return the vectors of an encoder without training; each text is encoded once."""
    config = choose(name)
    tokenizer = read_tokenizer(config, ("<>",))
    network = encoder.build(config, tokenizer, 1, 0).eval()
    known: dict[str, Floats] = {}

    def read(texts: Sequence[str]) -> Floats:
        new = sorted({text for text in texts if text not in known})
        if new:
            known.update(zip(new, read_vectors(network, encode(tokenizer, new)), strict=True))
        vectors = np.array([known[text] for text in texts])
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    return read


def rows(
    log: Path, log_format: str, seeds: int, reader: Reader | None
) -> Iterator[tuple[Split, str, Figures]]:
    """Yield the figures of each text in each split: the cuts once, the folds once per seed."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "whole.duckdb"
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, log, format=log_format)
            lines = read_lines(warehouse)
            texts = {
                name: dict(warehouse.rows(JUDGED.format(text=text))) for name, text in TEXTS.items()
            }
        splits = [
            split
            for seed in range(seeds)
            for split in splits_of(lines, seed)
            if not seed or split.protocol == "templates"
        ]
        for number, split in enumerate(splits):
            place = Path(folder) / str(number)
            place.mkdir()
            with trial(source, place, lines, split, 20) as made:
                for name, text in texts.items():
                    judged = [text[i] for i in lines.log_id[split.judged].tolist()]
                    for way, odds in judges(made, name, judged, reader).items():
                        yield split, f"{name}{way}", judge(made, lines, split, sigmoid(odds))


def judges(
    made: Trial, name: str, judged: Sequence[str], reader: Reader | None
) -> dict[str, Floats]:
    """Return the log-odds of the test texts by the words, by the encoder and by both."""
    learned = made.warehouse.rows(LEARNED.format(text=TEXTS[name]))
    texts, share = [row[0] for row in learned], np.array([row[1] for row in learned])
    words = fit_lexical(texts, share).log_odds(judged)
    if reader is None:
        return {"": words}
    vectors = regression(reader(texts), share, reader(judged))
    return {"": words, ", encoder": vectors, ", words and encoder": (words + vectors) / 2}


def regression(learned: Floats, share: Floats, judged: Floats) -> Floats:
    """Return log-odds by logistic regression on vectors, with the lexical head's weights."""
    from sklearn.linear_model import LogisticRegression

    anomalous, normal = np.flatnonzero(share > 0), np.flatnonzero(share < 1)
    chosen = np.concatenate([anomalous, normal])
    weight = np.concatenate([share[anomalous], 1 - share[normal]])
    model = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=2000)
    model.fit(learned[chosen], np.arange(len(chosen)) < len(anomalous), sample_weight=weight)
    return np.asarray(model.decision_function(judged))


def judge(made: Trial, lines: LabelledLines, split: Split, score: Floats) -> Figures:
    """Return the figures of the scores of the test lines."""
    event = lines.event_id[split.judged].tolist()
    known = {e: made.templates.match(lines.canonical[e]) is not None for e in set(event)}
    unseen = np.array([not known[e] for e in event])
    count = np.ones(len(event))
    judged = ScoredLines(score, lines.is_anomaly[split.judged], count, count.astype(np.int64))
    return {**figures("unseen", judged.where(unseen)), **figures("all", judged)}


def figures(part: str, judged: ScoredLines) -> Figures:
    """Return average precision, recall and false alarms on a part of the lines."""
    found = measure(judged)
    keys = ("average_precision", "recall", "false_alarms_per_million")
    values = [float("nan") if found[key] is None else float(found[key] or 0) for key in keys]
    names = (f"{part} AP", f"{part} recall", f"{part} false alarms")
    return dict(zip(names, values, strict=True))


if __name__ == "__main__":
    main()
