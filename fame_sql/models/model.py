"""A model: everything that a verdict on a canonical text depends on.

A verdict is a pure function of the model and the canonical text; that on a message of a template
with a value head, of the message as well (:mod:`fame_sql.values`). An event of a known template
is routed by look-up and judged by its domain. An event that matches no template is routed by the
router and judged by its words, which rank unseen templates better than the experts do
(``docs/design/detection.md``). The verdict states which of the two cases applies.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.canonical.canonical import Recipe
from fame_sql.models.explanation import (
    DomainFacts,
    Examples,
    Explanation,
    contributions,
    weighed_parts,
)
from fame_sql.models.novelty import NoveltyIndex
from fame_sql.templates.templates import Template, TemplateSet
from fame_sql.values.head import SCALE
from fame_sql.values.heads import NO_HEADS, ValueHeads
from fame_sql.verdict import Verdict, is_anomalous

if TYPE_CHECKING:
    from fame_sql.students import Student

# Floats differ by about 1e-7 between processors; four digits are almost always the same.
DIGITS = 4


@dataclass(frozen=True)
class Model:
    """A trained model in memory.

    Parameters
    ----------
    version : str
        Content hash of the files that determine the scores.
    recipe : Recipe
        How canonical text is made; a warehouse with another recipe cannot use this model.
    templates : TemplateSet
        The templates known at training time.
    domains : tuple of str
        Names of the failure domains, in the student's order.
    domain_of_template : dict of str to int
        The domain of each known template, as an index into ``domains``.
    facts : tuple of DomainFacts
        Facts about each domain, in the same order.
    examples : Examples
        The labelled events of the training.
    load_student : callable
        Returns the router and the experts; called once, for the first text that needs them.
    heads : ValueHeads
        What the values of a message change of its event's verdict.
    has_encoder : bool
        Whether they read with a neural network.
    """

    version: str
    recipe: Recipe
    templates: TemplateSet
    domains: tuple[str, ...]
    domain_of_template: dict[str, int]
    facts: tuple[DomainFacts, ...]
    examples: Examples = field(compare=False, repr=False)
    load_student: Callable[[], Student] = field(compare=False, repr=False)
    has_encoder: bool = False
    heads: ValueHeads = field(default=NO_HEADS, compare=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)
    _index: NoveltyIndex = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        known = (template.text for template in self.templates.templates)
        object.__setattr__(self, "_index", NoveltyIndex(known))

    @cached_property
    def student(self) -> Student:
        """The router and the experts."""
        return self.load_student()

    def match(self, canonical: str) -> Template | None:
        """Return the known template that matches, or None."""
        with self._lock:
            return self.templates.match(canonical)

    def verdicts(self, canonical: Sequence[str]) -> list[Verdict]:
        """Judge canonical texts independently of each other: batch and order do not matter."""
        if not canonical:
            return []
        matched = [self.match(text) for text in canonical]
        prediction = self.student.predict(canonical)
        known = np.array([template is not None for template in matched])
        domain = np.where(
            known,
            [0 if t is None else self.domain_of_template[t.template_id] for t in matched],
            prediction.router.argmax(axis=1),
        )
        rows = np.arange(len(canonical))
        score = np.where(known, prediction.scores[rows, domain], prediction.unseen)
        novelty = np.where(known, 0.0, self._index.novelty(canonical))
        # The router answers for any text, even for one without a known word.
        guess = 1 / (len(self.domains) + 1)
        routed = np.where(novelty < 1, prediction.router[rows, domain], guess)
        confidence = np.where(known, 1.0, routed)
        threshold = np.where(
            known, self.student.thresholds[domain], self.student.calibration.unseen_probability
        )
        return [
            self._verdict(
                matched[i],
                score=score[i],
                domain=domain[i],
                confidence=confidence[i],
                novelty=novelty[i],
                threshold=threshold[i],
            )
            for i in rows
        ]

    def _verdict(
        self,
        template: Template | None,
        *,
        score: float,
        domain: int,
        confidence: float,
        novelty: float,
        threshold: float,
    ) -> Verdict:
        rounded = round(float(score), DIGITS)
        return Verdict(
            score=rounded,
            is_anomaly=is_anomalous(rounded),
            domain=self.domains[domain],
            domain_confidence=round(float(confidence), DIGITS),
            novelty=round(float(novelty), DIGITS),
            template_id=template.template_id if template else None,
            template=template.text if template else None,
            known_template=template is not None,
            threshold=round(float(threshold), DIGITS),
            answer=None,
            model_version=self.version,
        )

    def explain(self, canonical: str) -> Explanation:
        """Explain the score of a canonical text: words, nearest example and domain.

        The text is judged as in :meth:`verdicts`. Each word is deleted in turn, with the routing
        of the whole text; in a long text the last words are deleted together.
        """
        parts = weighed_parts(canonical)
        without = [" ".join(parts[:i] + parts[i + 1 :]) for i in range(len(parts))]
        whole, base, *fewer = _log_odds(self._scores_in_one_routing(canonical, ["", *without]))
        weights = contributions(whole, base, np.array(fewer))
        return Explanation(
            log_odds=_rounded(whole),
            base=_rounded(base),
            words=[(part, _rounded(weight)) for part, weight in zip(parts, weights, strict=True)],
            nearest=self.examples.nearest(canonical),
            domain=self._facts_of(self.verdicts([canonical])[0].domain),
        )

    def explain_message(self, message: str, canonical: str) -> Explanation:
        """Explain the score of a message: by its values, if its template has a head.

        Then base and weights are the exact terms of its log-odds.
        """
        explained = self.explain(canonical)
        [verdict] = self.verdicts([canonical])
        head = self.heads.head_of(verdict)
        if head is None:
            return explained
        return replace(
            explained,
            log_odds=_rounded(head.log_odds(message, verdict.score) / SCALE),
            base=_rounded(head.base(verdict.score) / SCALE),
            words=[(name, _rounded(weight / SCALE)) for name, weight in head.named(message)],
        )

    def _facts_of(self, domain: str) -> DomainFacts:
        return self.facts[self.domains.index(domain)]

    def _scores_in_one_routing(
        self, canonical: str, variants: list[str]
    ) -> npt.NDArray[np.float64]:
        prediction = self.student.predict([canonical, *variants])
        template = self.match(canonical)
        if template is None:
            return prediction.unseen
        return prediction.scores[:, self.domain_of_template[template.template_id]]


def _rounded(value: float) -> float:
    return round(float(value), DIGITS) + 0.0


def _log_odds(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))
