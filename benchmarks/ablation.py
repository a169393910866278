"""What else a training could do, each against the training as it is, on unseen templates.

    python benchmarks/ablation.py BGL_2k.log                 # ways to train, ways to judge
    python benchmarks/ablation.py BGL_2k.log --stopping      # steps found on events held out

Splits by time and by whole templates; every option trains on the same labels, with the same
tokenizer, from the same seeds. What did not help lives here alone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from detection import log_odds, sigmoid

from fame_sql import sql
from fame_sql.console import SilentProgress
from fame_sql.domains.store import partition_templates
from fame_sql.evaluation.metrics import Judged, average_precision
from fame_sql.evaluation.splits import LabelledLines, Split, by_templates, by_time, read_lines
from fame_sql.evaluation.students import partitioners
from fame_sql.evaluation.trials import Trial, trial
from fame_sql.ingest import ingest_file
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig
from fame_sql.students.checkpoints import Checkpoints
from fame_sql.students.config import anomaly_columns
from fame_sql.students.fitting import Fitting, reproducible
from fame_sql.students.inference import infer, padded
from fame_sql.students.lexical import fit_lexical
from fame_sql.students.schedule import draws, pace
from fame_sql.students.tokenizer import CLS, MASK, PAD, SEP, encode, literals, train_tokenizer
from fame_sql.warehouse import Warehouse

SMOOTHING, HIDDEN, GAPS, PRETRAINING_STEPS = 0.1, 0.5, 0.15, 300
FLOORS = (0.5, 0.7, 0.9)
Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    """One split: what may be learned, and the texts that are judged."""

    made: Trial
    examples: LabelledEvents
    domains: list[DomainSpec]
    texts: list[str]
    placeholders: list[str]
    domain_of_template: dict[str, int]

    def tokenizer(self, config: StudentConfig):  # type: ignore[no-untyped-def]
        """Return the tokenizer that a training would learn."""
        vocabulary = [*self.texts, *self.examples.canonical]
        return train_tokenizer(vocabulary, self.placeholders, config.vocab, config.max_tokens)


class Smoothed(Fitting):
    """Labels that are never certain: every event is a little of the other class."""

    def __init__(self, examples: LabelledEvents, *rest: object) -> None:
        share = examples.is_anomaly * (1 - SMOOTHING) + SMOOTHING / 2
        super().__init__(replace(examples, is_anomaly=share), *rest)


def wildcards(case: Case) -> type[Fitting]:
    """Hide half of the placeholders and masked numbers behind [MASK], drawn anew in every step."""
    vocabulary = case.tokenizer(StudentConfig()).get_vocab()
    whole = {vocabulary[text] for text in literals(case.placeholders)}
    wild = whole | {index for text, index in vocabulary.items() if text[:1].isdigit()}

    class Wildcards(Fitting):
        def batch(self, chosen):  # type: ignore[no-untyped-def]
            import torch

            ids, mask = super().batch(chosen)
            may = torch.isin(ids, torch.tensor(sorted(wild)))
            return torch.where(may & (torch.rand(ids.shape) < HIDDEN), MASK, ids), mask

    return Wildcards


def pretrained(case: Case) -> type[Fitting]:
    """Begin with an encoder that has learned to fill gaps in the warehouse's own events."""

    class Pretrained(Fitting):
        def __init__(self, examples, tokenizer, domains, config, *rest):  # type: ignore[no-untyped-def]
            super().__init__(examples, tokenizer, domains, config, *rest)
            fill_gaps(self.network["encoder"], encode(tokenizer, case.texts), tokenizer, config)

    return Pretrained


def fill_gaps(encoder, tokens, tokenizer, config) -> None:  # type: ignore[no-untyped-def]
    """Pretrain an encoder as a masked language model (Devlin et al., 2019), its own way."""
    import torch
    from torch.nn import functional

    words = encoder.get_input_embeddings().weight
    head = torch.nn.Linear(config.hidden, config.hidden)
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=0.01, fused=True)
    lengths = np.array([len(text) for text in tokens])
    vocabulary = tokenizer.get_vocab_size()
    for step, chosen in zip(range(PRETRAINING_STEPS), draws(lengths, config), strict=False):
        optimizer.param_groups[0]["lr"] = pace(step, PRETRAINING_STEPS, config.learning_rate)[0]
        texts = [tokens[i] for i in chosen]
        ids, mask = map(torch.from_numpy, padded(texts, max(map(len, texts)), len(texts)))
        gaps = mask.bool() & (ids != CLS) & (ids != SEP) & (torch.rand(ids.shape) < GAPS)
        gaps[:, 1] |= ~gaps.any(dim=1) & (ids[:, 1] != PAD)
        kind = torch.rand(ids.shape)
        shown = torch.where(gaps & (kind < 0.8), MASK, ids)
        other = torch.randint(vocabulary, ids.shape)
        shown = torch.where(gaps & (kind >= 0.9), other, shown)
        states = encoder(input_ids=shown, attention_mask=mask).last_hidden_state
        said = head(states[gaps]) @ words.T
        optimizer.zero_grad()
        torch.autograd.backward(functional.cross_entropy(said, ids[gaps]))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()


OPTIONS: dict[str, Callable[[Case], type[Fitting]]] = {
    "as it is": lambda case: Fitting,
    "labels smoothed": lambda case: Smoothed,
    "wildcards hidden": wildcards,
    "pretrained on own events": pretrained,
}


def main() -> None:
    """Print a row for each split, seed and option, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--stopping", action="store_true")
    given = parser.parse_args()
    ways = stopping if given.stopping else training
    found: dict[tuple[str, str], list[Figures]] = {}
    for seed in given.seeds:
        for split, case in cases(given.log, given.format, seed):
            for name, figures in ways(case, split, seed):
                found.setdefault((split.protocol, name), []).append(figures)
                tell(f"{split.protocol} {split.name}, seed {seed}, {name}", figures)
    for (protocol, name), rows in found.items():
        keys = rows[0].keys()
        table = np.array([[row[key] for key in keys] for row in rows])
        for what, values in (("mean", np.nanmean(table, 0)), ("deviation", np.nanstd(table, 0))):
            row = dict(zip(keys, values.tolist(), strict=True))
            tell(f"{what} of {len(rows)} by {protocol}, {name}", row)


def cases(
    log: Path, log_format: str, seed: int
) -> Iterator[tuple[Split, tuple[Case, LabelledLines]]]:
    """Yield each split with what it allows to be known, mined, labelled and partitioned."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "whole.duckdb"
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, log, format=log_format)
            lines = read_lines(warehouse)
        for number, split in enumerate(splits_of(lines, seed)):
            place = Path(name) / str(number)
            place.mkdir()
            with trial(source, place, lines, split, 20) as made:
                partition_templates(made.warehouse, partitioners(0)["fame"])
                yield split, (case_of(made), lines)


def splits_of(lines: LabelledLines, seed: int) -> Iterator[Split]:
    """Yield cuts in time, and folds of templates as the seed deals them."""
    yield from by_time(lines, (0.5, 0.8, 0.6, 0.7))
    yield from by_templates(lines, 4, seed)


def case_of(made: Trial) -> Case:
    """Read what there is to learn from in a trial."""
    warehouse = made.warehouse
    specs = warehouse.records(sql.load("students/domains"))
    rows = warehouse.records(sql.load("students/labelled_events"))
    examples = LabelledEvents(
        [row["canonical"] for row in rows],
        np.array([row["anomalous"] for row in rows]),
        np.array([row["domain"] for row in rows]),
        np.array([row["lines"] for row in rows], dtype=np.float64),
        np.array([row["is_calibration"] for row in rows]),
        np.unique([row["template_id"] for row in rows], return_inverse=True)[1],
    )
    domains = [DomainSpec(spec["name"], spec["kind"]) for spec in specs]
    texts = [row[0] for row in warehouse.rows(sql.load("students/training_texts"))]
    places = dict(warehouse.rows(sql.load("students/domain_of_template")))
    return Case(made, examples, domains, texts, list(warehouse.recipe().placeholders), places)


def training(
    given: tuple[Case, LabelledLines], split: Split, seed: int
) -> Iterator[tuple[str, Figures]]:
    """Yield average precision of every way to judge, for every way to train."""
    case, _ = given
    config = StudentConfig(seed=seed)
    tokenizer = case.tokenizer(config)
    lexical = fit_lexical(case.examples.canonical, case.examples.is_anomaly)
    for name, option in OPTIONS.items():
        begun = perf_counter()
        with reproducible(config):
            fitting = option(case)(case.examples, tokenizer, case.domains, config)
            fitting.run("training", SilentProgress(), Checkpoints.none())
        seconds = perf_counter() - begun
        yield name, {**judgements(case, fitting, tokenizer, lexical), "seconds": seconds}


def judgements(case: Case, fitting: Fitting, tokenizer, lexical) -> Figures:  # type: ignore[no-untyped-def]
    """Return average precision on unseen lines by every judge, and on seen ones and all."""
    import torch

    judged = case.made.judged
    events = sorted(case.made.texts)
    texts = [case.made.texts[event] for event in events]
    routed, said = infer(fitting.network, encode(tokenizer, texts), torch.device("cpu"))
    said = np.clip(said, -30, 30)
    words = lexical.log_odds(texts)
    router = np.exp(routed - routed.max(axis=1, keepdims=True))
    router /= router.sum(axis=1, keepdims=True)
    columns = anomaly_columns(case.domains)
    certain = np.array([domain.kind == "anomalous" for domain in case.domains])
    experts = np.where(certain, 20.0, said[:, columns])
    likeliest = router.argmax(axis=1)
    rows = np.arange(len(texts))
    ways = {"expert": experts[rows, likeliest], "shared": said[:, 0]}
    ways["mixture"] = log_odds((router * sigmoid(experts)).sum(axis=1))
    for floor in FLOORS:
        sure = router.max(axis=1) >= floor
        ways[f"floor {floor}"] = np.where(sure, ways["expert"], said[:, 0])
    ways |= {f"{name}+words": (odds + words) / 2 for name, odds in dict(ways).items()}
    ways["words"] = words
    place = np.searchsorted(np.array(events), judged.event_id)
    found = {name: ap(case, sigmoid(odds)[place], ~judged.seen) for name, odds in ways.items()}
    known = by_look_up(case, texts, experts, words, certain)
    found["seen"] = ap(case, known[place], judged.seen)
    score = np.where(judged.seen, known[place], sigmoid(words)[place])
    found["all"] = ap(case, score, np.ones(len(place), dtype=bool))
    return found


def by_look_up(case: Case, texts: Sequence[str], experts, words, certain):  # type: ignore[no-untyped-def]
    """Return the scores of texts whose domain is known; of others those of the first domain."""
    matched = [case.made.templates.match(text) for text in texts]
    domain = np.array(
        [0 if t is None else case.domain_of_template.get(t.template_id, 0) for t in matched]
    )
    own = experts[np.arange(len(texts)), domain]
    return np.where(certain[domain], 1.0, sigmoid((own + words) / 2))


def ap(case: Case, score: np.ndarray, where: np.ndarray) -> float:
    """Return average precision on some of the judged lines; NaN without an anomaly."""
    judged = case.made.judged
    part = Judged(score, judged.is_anomaly, judged.lines, judged.block).where(where)
    found = average_precision(part)
    return float("nan") if found is None else found


def stopping(
    given: tuple[Case, LabelledLines], split: Split, seed: int
) -> Iterator[tuple[str, Figures]]:
    """Yield what patience finds: steps, seconds of both trainings, and average precision."""
    if split.name not in {"50%", "80%", "fold 1", "fold 2"}:
        return
    case, _ = given
    lexical = fit_lexical(case.examples.canonical, case.examples.is_anomaly)
    slice_ = case.examples.calibration
    early, later = case.examples.where(~slice_), case.examples.where(slice_)
    for patience in (0, 3, 6):
        config = StudentConfig(seed=seed, patience=patience)
        tokenizer = case.tokenizer(config)
        begun = perf_counter()
        with reproducible(config):
            first = Fitting(early, tokenizer, case.domains, config, held_out=later)
            first.run("calibrating", SilentProgress(), Checkpoints.none())
            steps = first.done if patience else None
            fitting = Fitting(case.examples, tokenizer, case.domains, config, steps)
            fitting.run("training", SilentProgress(), Checkpoints.none())
        seconds = perf_counter() - begun
        found = judgements(case, fitting, tokenizer, lexical)
        size = {"held out": float(len(later)), "of them anomalous": float(later.is_anomaly.sum())}
        facts = {"steps": float(fitting.done), "seconds": seconds, **size}
        yield f"patience {patience}", {**found, **facts}


def tell(name: str, figures: Figures) -> None:
    """Print one row."""
    print(
        name + ": " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()), flush=True
    )


if __name__ == "__main__":
    main()
