"""Training a words student, or only the heads of the domains that have changed.

All heads are logistic regressions on the same features: the router's on the domain, one for
messages of unseen templates on all labelled events, and one for each mixed domain whose events
have labels enough. The heads are fitted first without the last slice of the training period, and
calibrated on those events of the slice whose templates occur before it; then on everything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.calibration.calibration import Calibration, fit_calibration, has_enough
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents, hold_out_templates
from fame_sql.students.calibration.succession import Mask, succeeding_calibration
from fame_sql.students.calibration.thresholds import with_thresholds
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.regression import Weights, fit_head, fit_router, one_thread
from fame_sql.students.generations import Generations, Succession
from fame_sql.students.words.counts import WordCounts
from fame_sql.students.words.student import WordsStudent
from fame_sql.students.words.table import SCALE, WordTable

Floats = npt.NDArray[np.float64]

# Rows are scaled to the length 1 and sparse, so weights have to be larger than on vectors.
REGULARISATION = 300.0


def train(
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    config: StudentConfig,
    target: float | None = None,
) -> WordsStudent:
    """Train a student; the same input gives the same student, bit for bit.

    Parameters
    ----------
    examples : LabelledEvents
        The labelled events, at least one.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    config : StudentConfig
        Seed, and the number of events that a threshold needs.
    target : float, optional
        Maximum false alarms per million lines, from which thresholds are then computed.
    """
    with one_thread():
        heads = _Heads(examples, domains, config, range(len(domains)))
        first, known = _calibrate(heads)
        unseen = hold_out_templates(examples, unseen_log_odds, seed=config.seed)
        table = heads.table(np.ones(len(examples), dtype=bool), with_router=True)
    held_out = HeldOut(known, unseen)
    calibration = with_thresholds(first, held_out, target)
    return WordsStudent(config, domains, table, calibration, held_out)


def retrain(
    parent: WordsStudent,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
    target: float | None = None,
) -> WordsStudent:
    """Return a student whose changed domains are retrained and whose others are the parent's.

    Parameters
    ----------
    parent : WordsStudent
        The tables, thresholds and temperature of its unchanged domains are kept.
    examples : LabelledEvents
        All labelled events.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    changed : collection of str
        Names of the domains to retrain; the others must be the parent's, of the same kind.
    target : float, optional
        Maximum false alarms per million lines; moves the threshold for unseen templates.

    Raises
    ------
    InputError
        If a domain is neither changed nor one of the parent's.
    """
    before = parent.generations or Generations.first(parent.domains)
    succession = Succession(parent.domains, before, domains, changed)
    with one_thread():
        heads = _Heads(examples, domains, parent.config, succession.changed_at)
        table = heads.table(np.ones(len(examples), dtype=bool), with_router=True)
        unseen = hold_out_templates(examples, unseen_log_odds, seed=parent.config.seed)
        held_out = HeldOut(parent.held_out.known, unseen)
        calibration = succeeding_calibration(
            parent, succession, examples, held_out, heads.logits, target
        )
    kept = [parent.tables[number] for number in succession.kept]
    widths = [len(table.intercepts) for table in kept]
    return WordsStudent(
        config=parent.config,
        domains=domains,
        table=table,
        calibration=calibration,
        held_out=held_out,
        generations=succession.generations(heads.width, widths),
        earlier=kept,
    )


def unseen_log_odds(fitted: LabelledEvents, scored: Sequence[str]) -> Floats:
    """Return the log-odds of texts, [n], by the head for unseen templates alone."""
    heads = _Heads(fitted, (), StudentConfig(), ())
    return heads.table(np.ones(len(fitted), dtype=bool)).log_odds(scored)[:, 0]


class _Heads:
    """The heads to be fitted, and the words of the labelled events.

    Parameters
    ----------
    examples : LabelledEvents
        All labelled events.
    domains : sequence of DomainSpec
        All domains.
    config : StudentConfig
        The number of events that a head of its own needs.
    changed : sequence of int
        Indices of the domains that get heads.
    """

    def __init__(
        self,
        examples: LabelledEvents,
        domains: Sequence[DomainSpec],
        config: StudentConfig,
        changed: Sequence[int],
    ) -> None:
        self.examples, self.domains, self.config = examples, domains, config
        self._mixed = [at for at in changed if domains[at].kind == "mixed"]
        self._counts = WordCounts(examples.canonical)

    @property
    def width(self) -> int:
        """The number of anomaly heads."""
        return 1 + len(self._mixed)

    def table(self, fitted: Mask, with_router: bool = False) -> WordTable:
        """Fit the heads to some events."""
        places, rarity, rows = self._counts.rows(fitted)
        examples = self.examples.where(fitted)
        weights, bias = self._anomaly(examples, rows)
        if with_router:
            router = fit_router(
                rows, examples.domain, examples.importance, len(self.domains), REGULARISATION
            )
            weights, bias = np.vstack([weights, router[0]]), np.append(bias, router[1])
        # In the rows, a feature stands with its rarity.
        return WordTable(
            [self._counts.features[at] for at in places],
            _whole(weights.T * rarity[:, None]),
            _whole(rarity**2),
            _whole(bias),
        )

    def logits(self, fitted: Mask, scored: Mask) -> Floats:
        """Return the anomaly logits of events, [n, heads], by heads fitted to other events."""
        return self.table(fitted).log_odds(self.examples.where(scored).canonical)

    def _anomaly(self, examples: LabelledEvents, rows: Any) -> Weights:
        """Fit the head for the unseen to all events, and one to each mixed domain.

        A mixed domain with too few labels has the former, so that it does not learn its few
        examples by heart.
        """
        everyone = np.ones(len(examples), dtype=bool)
        own = (examples.domain == at for at in self._mixed)
        least = self.config.calibration_events
        chosen = [
            here if has_enough(examples.is_anomaly[here], least) else everyone for here in own
        ]
        fitted = [
            fit_head(
                rows[np.flatnonzero(here)],
                examples.is_anomaly[here],
                np.ones(here.sum()),
                REGULARISATION,
            )
            for here in (everyone, *chosen)
        ]
        return np.vstack([weights for weights, _ in fitted]), np.array([bias for _, bias in fitted])


def _calibrate(heads: _Heads) -> tuple[Calibration, HeldOutEvents]:
    """Calibrate on the calibration slice, by heads that have not seen it, if that is possible."""
    examples, domains = heads.examples, heads.domains
    early, later = ~examples.calibration, examples.calibrates
    if not (has_enough(examples.where(early).is_anomaly, 1) and later.any()):
        return Calibration.none(len(domains)), HeldOutEvents.none()
    logits, events = heads.logits(early, later), examples.where(later)
    calibration = fit_calibration(
        logits,
        events.is_anomaly,
        events.weight,
        events.domain,
        domains,
        heads.config.calibration_events,
    )
    own = calibration.log_odds(logits[:, anomaly_columns(domains)])
    return calibration, HeldOutEvents.of(own[np.arange(len(events)), events.domain], events)


def _whole(numbers: Floats) -> npt.NDArray[np.int64]:
    """Return numbers in millionths."""
    return np.ascontiguousarray(np.rint(numbers * SCALE), dtype=np.int64)
