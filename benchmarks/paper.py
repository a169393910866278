"""The protocol of the FAME paper (arXiv 2605.22779), reconstructed, on a labelled log of your own.

    make paper DATA=BGL.log                          # DistilBERT routes, a BERT for each expert
    make paper DATA=BGL_2k.log ARGS=--tiny           # the same with tiny random encoders
    make paper DATA=BGL.log ARGS="--preset words"    # the same protocol with the default students

The earliest part of the log is the offline region: its templates are mined, at most K lines of each
are labelled, and students are trained. All later lines are judged, apart by whether a template of
the offline region matches them. The paper does not say where its region ends, nor how it trains;
80 % and this project's training take the places.

Throughput is that of the judged lines, from canonical text to verdict: every line by itself, and
each distinct text once, as fame-sql scores. The paper states 1.20 million lines an hour, on four
GPUs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, with_intervals
from fame_sql.evaluation.study.splits import by_time, read_lines
from fame_sql.evaluation.study.students import Detections, fit, groupers
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import ingest_file
from fame_sql.students import StudentConfig
from fame_sql.students.presets import choose
from fame_sql.warehouse.warehouse import Warehouse

PAPER_LINES_PER_HOUR = 1.20e6
MOST_TIMED = 2000
MEASURES = ("precision", "recall", "f1", "average_precision", "false_alarms_per_million")

Detect = Callable[[Sequence[str]], Detections]


def main() -> None:
    """Run the protocol, and print its table."""
    given = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = tiny(folder) if given.tiny else choose(given.preset, fetch=given.download)
        source = folder / "whole.duckdb"
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, given.log, format=given.format)
            lines = read_lines(warehouse)
        [split] = by_time(lines, (given.cut,))
        (folder / "trial").mkdir()
        with trial(source, folder / "trial", lines, split, given.per_template) as made:
            known, judged = len(split.known), made.judged.lines.sum()
            print(f"{given.log.name}: {known:,} lines offline, {judged:,.0f} judged")
            print(f"labels: {made.labels:,}, one of {known / made.labels:.0f} offline lines")
            since = time.perf_counter()
            detect = fit(made, groupers(given.seed)["fame"], replace(config, seed=given.seed))
            print(f"preset {config.preset}, trained in {time.perf_counter() - since:.0f} s")
            print_detection(made, detect)
            print_throughput(made, detect)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log, such as BGL.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--preset", default="paper", help="as for 'fame train --preset'")
    parser.add_argument("--download", action="store_true", help="as for 'fame train --download'")
    parser.add_argument("--tiny", action="store_true", help="tiny encoders with random weights")
    parser.add_argument("--cut", type=float, default=0.8, help="share of the offline region")
    parser.add_argument("-k", "--per-template", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def print_detection(made: Trial, detect: Detect) -> None:
    """Print the measures by line, of all lines and of seen and unseen templates."""
    judged = made.judged
    events = sorted(made.texts)
    scores = detect([made.texts[event] for event in events]).scores
    score = scores[np.searchsorted(np.array(events), judged.event_id)]
    everything = ScoredLines(score, judged.is_anomaly, judged.lines, judged.block)
    print(f"{'lines':8}{'number':>10}{'anomalous':>11}" + "".join(f"{m:>26}" for m in MEASURES))
    for name, here in (
        ("all", judged.seen | True),
        ("seen", judged.seen),
        ("unseen", ~judged.seen),
    ):
        part = everything.where(here)
        found = with_intervals([part])
        cells = "".join(f"{cell(found[measure]):>26}" for measure in MEASURES)
        anomalous = part.lines[part.is_anomaly].sum()
        print(f"{name:8}{part.lines.sum():10,.0f}{anomalous:11,.0f}{cells}")


def cell(estimate: Any) -> str:
    """Return a value with its 95 % interval."""
    if estimate.value is None:
        return "-"
    if estimate.low is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"


def print_throughput(made: Trial, detect: Detect) -> None:
    """Print the lines an hour, and their ratio to the paper's."""
    judged = made.judged
    texts = [made.texts[event] for event in judged.event_id.tolist()]
    repeated = [text for text, n in zip(texts, judged.lines, strict=True) for _ in range(int(n))]
    for name, some, lines in ways(repeated):
        since = time.perf_counter()
        for text in some:
            detect(text)
        rate = lines / (time.perf_counter() - since) * 3600
        ratio = f"{rate / PAPER_LINES_PER_HOUR:.2f} times the paper's"
        print(f"{name}: {rate:,.0f} lines an hour, {ratio}")


def ways(texts: list[str]) -> Iterator[tuple[str, list[list[str]], int]]:
    """Yield each way to score: its name, the batches, and the lines that they stand for."""
    first = texts[:MOST_TIMED]
    yield "every line", [first], len(first)
    yield "each distinct text once", [sorted(set(texts))], len(texts)


def tiny(folder: Path) -> StudentConfig:
    """Write a tiny DistilBERT and a tiny BERT with random weights, and return their settings."""
    import torch
    from transformers import AutoConfig, AutoModel

    shapes: dict[str, dict[str, Any]] = {
        "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
        "bert": {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
        },
    }
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    vocabulary += [f"##{letter}" for letter in letters]
    for kind, shape in shapes.items():
        torch.manual_seed(0)
        settings = AutoConfig.for_model(
            kind, vocab_size=len(vocabulary), max_position_embeddings=128, **shape
        )
        AutoModel.from_config(settings).save_pretrained(folder / kind)
        write_tokenizer(folder / kind, vocabulary)
    return StudentConfig(
        preset="tiny paper",
        router=str(folder / "distilbert"),
        experts=str(folder / "bert"),
        separate=True,
        learning_rate=1e-3,
    )


def write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    """Write a tokenizer that splits words into letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, ids[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    tokenizer.add_special_tokens(vocabulary[:5])
    tokenizer.save(str(folder / "tokenizer.json"))


if __name__ == "__main__":
    main()
