"""Alternative ways to train, each compared with today's training on unseen templates.

    python benchmarks/ablation.py BGL_2k.log                 # ways to train and to score
    python benchmarks/ablation.py BGL_2k.log --stopping      # early stopping on held-out events
    python benchmarks/ablation.py BGL_2k.log --preset pretrained   # fine-tuned, today's way only

The splits are by time and by whole templates. Every option trains on the same labels, with the
same tokenizer and the same seeds. Options that did not help are implemented only here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from cases import Case, Figures, cases, print_figures
from judges import judgements
from tokenizers import Tokenizer

from fame_sql.console import SilentProgress
from fame_sql.evaluation.study.splits import Split
from fame_sql.students import LabelledEvents, StudentConfig
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.students.fitting.fitting import Fitting, reproducible
from fame_sql.students.fitting.schedule import one_cycle, sample_batches
from fame_sql.students.lexical import fit_lexical
from fame_sql.students.network.inference import padded
from fame_sql.students.network.tokenizer import CLS, MASK, PAD, SEP, encode, literals
from fame_sql.students.presets import choose

SMOOTHING, HIDDEN, GAPS, PRETRAINING_STEPS = 0.1, 0.5, 0.15, 300


class Smoothed(Fitting):
    """Label smoothing: every event belongs a little to the other class."""

    def __init__(self, examples: LabelledEvents, *rest: object) -> None:
        share = examples.is_anomaly * (1 - SMOOTHING) + SMOOTHING / 2
        super().__init__(replace(examples, is_anomaly=share), *rest)


def wildcards(case: Case) -> type[Fitting]:
    """Hide half of the placeholders and masked numbers behind [MASK], at random in every step."""
    vocabulary = case.tokenizer(StudentConfig(preset="compact")).get_vocab()
    whole = {vocabulary[text] for text in literals(case.placeholders)}
    wild = whole | {index for text, index in vocabulary.items() if text[:1].isdigit()}

    class Wildcards(Fitting):
        def batch(self, chosen: Any) -> tuple[Any, Any]:
            import torch

            ids, mask = super().batch(chosen)
            may = torch.isin(ids, torch.tensor(sorted(wild)))
            return torch.where(may & (torch.rand(ids.shape) < HIDDEN), MASK, ids), mask

    return Wildcards


def pretrained(case: Case) -> type[Fitting]:
    """Start from an encoder that was pretrained to fill gaps in the warehouse's own events."""

    class Pretrained(Fitting):
        def __init__(self, examples: Any, tokenizer: Tokenizer, *rest: Any) -> None:
            super().__init__(examples, tokenizer, *rest)
            tokens = encode(tokenizer, case.texts)
            fill_gaps(self.network["encoder"], tokens, tokenizer, self.config)

    return Pretrained


def fill_gaps(
    encoder: Any, tokens: Sequence[Sequence[int]], tokenizer: Tokenizer, config: StudentConfig
) -> None:
    """Pretrain an encoder as a masked language model (Devlin et al., 2019), in place."""
    import torch
    from torch.nn import functional

    words = encoder.get_input_embeddings().weight
    head = torch.nn.Linear(config.hidden, config.hidden)
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=0.01, fused=True)
    lengths = np.array([len(text) for text in tokens])
    vocabulary = tokenizer.get_vocab_size()
    for step, chosen in zip(
        range(PRETRAINING_STEPS), sample_batches(lengths, config), strict=False
    ):
        optimizer.param_groups[0]["lr"] = one_cycle(step, PRETRAINING_STEPS, config.learning_rate)[
            0
        ]
        texts = [tokens[i] for i in chosen]
        ids, mask = map(torch.from_numpy, padded(texts, max(map(len, texts)), len(texts)))
        gaps = mask.bool() & (ids != CLS) & (ids != SEP) & (torch.rand(ids.shape) < GAPS)
        gaps[:, 1] |= ~gaps.any(dim=1) & (ids[:, 1] != PAD)
        kind = torch.rand(ids.shape)
        shown = torch.where(gaps & (kind < 0.8), MASK, ids)
        other = torch.randint(vocabulary, ids.shape)
        shown = torch.where(gaps & (kind >= 0.9), other, shown)
        states = encoder(input_ids=shown, attention_mask=mask).last_hidden_state
        predicted = head(states[gaps]) @ words.T
        optimizer.zero_grad()
        torch.autograd.backward(functional.cross_entropy(predicted, ids[gaps]))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()


def unchanged(case: Case) -> type[Fitting]:
    """Return today's training."""
    return Fitting


OPTIONS: dict[str, Callable[[Case], type[Fitting]]] = {
    "unchanged": unchanged,
    "labels smoothed": lambda case: Smoothed,
    "wildcards hidden": wildcards,
    "pretrained on own events": pretrained,
}


def main() -> None:
    """Print one row per split, seed and option, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--stopping", action="store_true")
    parser.add_argument("--preset", default="compact", help="as for 'fame train --preset'")
    given = parser.parse_args()
    ways = stopping if given.stopping else partial(training, encoder=given.preset)
    found: dict[tuple[str, str], list[Figures]] = {}
    for seed in given.seeds:
        for split, case in cases(given.log, given.format, seed):
            for name, figures in ways(case, split, seed):
                found.setdefault((split.protocol, name), []).append(figures)
                print_figures(f"{split.protocol} {split.name}, seed {seed}, {name}", figures)
    for (protocol, name), rows in found.items():
        keys = rows[0].keys()
        table = np.array([[row[key] for key in keys] for row in rows])
        for what, values in (("mean", np.nanmean(table, 0)), ("deviation", np.nanstd(table, 0))):
            row = dict(zip(keys, values.tolist(), strict=True))
            print_figures(f"{what} of {len(rows)} by {protocol}, {name}", row)


def training(case: Case, split: Split, seed: int, encoder: str) -> Iterator[tuple[str, Figures]]:
    """Yield the average precision of every way to score, for every way to train."""
    config = choose(encoder, seed=seed)
    tokenizer = case.tokenizer(config)
    lexical = fit_lexical(case.examples.canonical, case.examples.is_anomaly)
    for name, option in OPTIONS.items():
        if not config.is_compact and option is not unchanged:
            continue
        begun = process_time()
        with reproducible(config):
            fitting = option(case)(case.examples, tokenizer, case.domains, config)
            fitting.run("training", SilentProgress(), Checkpoints.none())
        seconds = process_time() - begun
        yield name, {**judgements(case, fitting, tokenizer, lexical), "seconds": seconds}


def stopping(case: Case, split: Split, seed: int) -> Iterator[tuple[str, Figures]]:
    """Yield the figures with and without early stopping, with the time of both trainings."""
    if split.name not in {"50%", "80%", "fold 1", "fold 2"}:
        return
    lexical = fit_lexical(case.examples.canonical, case.examples.is_anomaly)
    slice_ = case.examples.calibration
    early, later = case.examples.where(~slice_), case.examples.where(slice_)
    for patience in (0, 3):
        config = StudentConfig(preset="compact", seed=seed, patience=patience)
        tokenizer = case.tokenizer(config)
        begun = process_time()
        with reproducible(config):
            first = Fitting(early, tokenizer, case.domains, config, held_out=later)
            first.run("calibrating", SilentProgress(), Checkpoints.none())
            steps = first.done if patience else None
            fitting = Fitting(case.examples, tokenizer, case.domains, config, steps)
            fitting.run("training", SilentProgress(), Checkpoints.none())
        seconds = process_time() - begun
        found = judgements(case, fitting, tokenizer, lexical)
        size = {"held out": float(len(later)), "of them anomalous": float(later.is_anomaly.sum())}
        facts = {"steps": float(fitting.done), "seconds": seconds, **size}
        yield f"patience {patience}", {**found, **facts}


if __name__ == "__main__":
    main()
