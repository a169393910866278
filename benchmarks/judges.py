"""Average precision on unseen lines, by every way to score them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cases import Case, Figures
from detection import log_odds, sigmoid
from tokenizers import Tokenizer

from fame_sql.evaluation.metrics import ScoredLines, average_precision
from fame_sql.students.config import anomaly_columns
from fame_sql.students.fitting.fitting import Fitting
from fame_sql.students.lexical import Floats, LexicalHead
from fame_sql.students.network.inference import infer
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.student import softmax

FLOORS = (0.5, 0.7, 0.9)
"""Probabilities of the likeliest domain below which the shared head decides."""


def judgements(case: Case, fitting: Fitting, tokenizer: Tokenizer, lexical: LexicalHead) -> Figures:
    """Return average precision on unseen lines for every way, and on seen lines and all lines."""
    import torch

    judged = case.made.judged
    events = sorted(case.made.texts)
    texts = [case.made.texts[event] for event in events]
    routed, logits = infer(fitting.network, encode(tokenizer, texts), torch.device("cpu"))
    words = lexical.log_odds(texts)
    certain = np.array([domain.kind == "anomalous" for domain in case.domains])
    own = np.where(certain, 20.0, np.clip(logits, -30, 30)[:, anomaly_columns(case.domains)])
    ways = judges(softmax(routed), own, np.clip(logits[:, 0], -30, 30), words)
    place = np.searchsorted(np.array(events), judged.event_id)
    found = {name: ap(case, sigmoid(odds)[place], ~judged.seen) for name, odds in ways.items()}
    known = by_template(case, texts, own, words, certain)
    found["seen"] = ap(case, known[place], judged.seen)
    score = np.where(judged.seen, known[place], sigmoid(words)[place])
    found["all"] = ap(case, score, np.ones(len(place), dtype=bool))
    return found


def judges(router: Floats, experts: Floats, shared: Floats, words: Floats) -> dict[str, Floats]:
    """Return the log-odds of every way to score, alone and averaged with the lexical head's."""
    likeliest = experts[np.arange(len(experts)), router.argmax(axis=1)]
    ways = {"expert": likeliest, "shared": shared}
    ways["mixture"] = log_odds((router * sigmoid(experts)).sum(axis=1))
    for floor in FLOORS:
        ways[f"floor {floor}"] = np.where(router.max(axis=1) >= floor, likeliest, shared)
    alone = dict(ways)
    ways |= {f"{name}+words": (odds + words) / 2 for name, odds in alone.items()}
    ways |= {f"{name}+3 words": (odds + 3 * words) / 4 for name, odds in alone.items()}
    return ways | {"words": words}


def by_template(
    case: Case, texts: Sequence[str], experts: Floats, words: Floats, certain: np.ndarray
) -> Floats:
    """Return the scores of texts in the domain of their template, or the first if there is none."""
    matched = [case.made.templates.match(text) for text in texts]
    domain = np.array(
        [0 if t is None else case.domain_of_template.get(t.template_id, 0) for t in matched]
    )
    own = experts[np.arange(len(texts)), domain]
    return np.where(certain[domain], 1.0, sigmoid((own + words) / 2))


def ap(case: Case, score: Floats, where: np.ndarray) -> float:
    """Return the average precision on some of the test lines; NaN without an anomaly."""
    judged = case.made.judged
    part = ScoredLines(score, judged.is_anomaly, judged.lines, judged.block).where(where)
    found = average_precision(part)
    return float("nan") if found is None else found
