"""Summary of a study's results: measures by group, label costs, confusion, worst mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Estimate, ScoredLines, with_intervals
from fame_sql.evaluation.study.results import PARTS, DetectorResult
from fame_sql.verdict import THRESHOLD

Key = tuple[str, str, str]
"""A group of results: split, detector, part of the lines."""


def group_results(
    results: Sequence[DetectorResult], weighting: str = "lines"
) -> dict[Key, list[ScoredLines]]:
    """Group results by split, detector and part of the lines, with one entry per seed.

    Folds over templates are pooled: each line is judged once per seed.

    Parameters
    ----------
    results : sequence of DetectorResult
        Of one plan.
    weighting : str
        What a line counts for, one of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.

    Returns
    -------
    dict
        From (protocol and split, detector, part) to one :class:`ScoredLines` per seed.
    """
    groups: dict[tuple[str, str], dict[int, list[DetectorResult]]] = {}
    for result in results:
        by_seed = groups.setdefault((split_name(result), result.detector), {})
        by_seed.setdefault(result.seed, []).append(result)
    return {
        (name, detector, part): [
            ScoredLines.pooled([result.on(part, weighting) for result in members])
            for members in seeds.values()
        ]
        for (name, detector), seeds in groups.items()
        for part in PARTS
    }


def split_name(result: DetectorResult) -> str:
    """Return the name of the split in tables: a cut, or templates left out."""
    return result.split if result.protocol == "time" else "templates left out"


def measure_groups(groups: Mapping[Key, Sequence[ScoredLines]]) -> dict[Key, dict[str, Estimate]]:
    """Return every measure with its interval for the groups that are not empty."""
    return {
        key: with_intervals(seeds)
        for key, seeds in groups.items()
        if any(len(judged.score) for judged in seeds)
    }


@dataclass(frozen=True)
class LabelCost:
    """How many labels a split used.

    Parameters
    ----------
    split : str
        A cut, or a fold of templates left out.
    labels, lines : int
        Lines labelled for training, and lines that were available for it.
    reduction : float or None
        Available lines per labelled line; None if no line was labelled.
    """

    split: str
    labels: int
    lines: int
    reduction: float | None


def label_costs(results: Sequence[DetectorResult]) -> list[LabelCost]:
    """Return how many labels each split used, with the first seed."""
    found = sorted({(f.split, f.labels, f.lines_known) for f in results if f.seed == 0})
    return [LabelCost(split, n, lines, lines / n if n else None) for split, n, lines in found]


@dataclass
class Confusion:
    """The confusion matrix of the lines of one domain.

    Parameters
    ----------
    split, domain : str
        The split and the domain; for an unseen template, the domain that the router chose.
    known_template : bool
        Whether a template of the training period knows the lines.
    found, missed, false_alarms, passed : int
        Anomalous lines reported and not, normal lines reported and not.
    """

    split: str
    domain: str
    known_template: bool
    found: int = 0
    missed: int = 0
    false_alarms: int = 0
    passed: int = 0


def confusion(results: Sequence[DetectorResult], detector: str = "fame") -> list[Confusion]:
    """Return the confusion by domain, with the first seed; the largest domain of a split first."""
    cells: dict[tuple[str, str, bool], Confusion] = {}
    for result in results:
        if result.detector != detector or result.seed != 0 or not result.domains:
            continue
        judged = result.judged
        for domain, score, seen, truth, lines in zip(
            result.domains,
            result.scores,
            judged.seen.tolist(),
            judged.is_anomaly.tolist(),
            judged.lines.tolist(),
            strict=True,
        ):
            key = (split_name(result), domain, seen)
            cell = Confusion(split=split_name(result), domain=domain, known_template=seen)
            _count(cells.setdefault(key, cell), score > THRESHOLD, truth, int(lines))
    return sorted(cells.values(), key=lambda cell: (cell.split, -_lines(cell), cell.domain))


def _count(cell: Confusion, reported: bool, truth: bool, lines: int) -> None:
    names = {
        (True, True): "found",
        (False, True): "missed",
        (True, False): "false_alarms",
        (False, False): "passed",
    }
    name = names[reported, truth]
    setattr(cell, name, getattr(cell, name) + lines)


def _lines(cell: Confusion) -> int:
    return cell.found + cell.missed + cell.false_alarms + cell.passed


def as_rows(
    measures: Mapping[Key, Mapping[str, Estimate]], weighting: str
) -> list[dict[str, object]]:
    """Return measures as plain rows, for JSON."""
    return [
        {
            "split": split,
            "detector": detector,
            "lines": part,
            "weighting": weighting,
            **{name: asdict(value) for name, value in found.items()},
        }
        for (split, detector, part), found in measures.items()
    ]


@dataclass(frozen=True)
class Mistake:
    """An event that a detector misclassified.

    Parameters
    ----------
    split, detector : str
        The split and the detector.
    text : str
        Canonical text of the event.
    score : float
        Its score on this split, with the first seed.
    is_anomaly : bool
        The label of its lines.
    lines : int
        Number of these lines.
    """

    split: str
    detector: str
    text: str
    score: float
    is_anomaly: bool
    lines: int

    @property
    def weight(self) -> float:
        """Size of the mistake: the distance of the score from the label, times lines."""
        return self.lines * abs(self.score - self.is_anomaly)


def worst_mistakes(
    results: Sequence[DetectorResult], texts: Mapping[int, str], detector: str, at_most: int = 10
) -> list[Mistake]:
    """Return the worst mistakes of a detector on each split, with the first seed, worst first.

    Parameters
    ----------
    results : sequence of DetectorResult
        Of one plan.
    texts : mapping
        Canonical text of each event.
    detector : str
        Name of the detector.
    at_most : int
        Maximum number of events per split.
    """
    splits: dict[str, list[Mistake]] = {}
    for result in results:
        if result.detector == detector and result.seed == 0:
            splits.setdefault(split_name(result), []).extend(_wrong(result, texts))
    return [
        wrong
        for found in splits.values()
        for wrong in sorted(found, key=lambda one: (-one.weight, one.text))[:at_most]
    ]


def _wrong(result: DetectorResult, texts: Mapping[int, str]) -> Iterator[Mistake]:
    """Yield the misclassified events of one result, each event once per label."""
    judged = result.judged
    lines: dict[tuple[int, bool, float], float] = {}
    for event, truth, count, score in zip(
        judged.event_id.tolist(),
        judged.is_anomaly.tolist(),
        judged.lines.tolist(),
        result.scores,
        strict=True,
    ):
        lines[event, truth, score] = lines.get((event, truth, score), 0.0) + count
    for (event, truth, score), count in lines.items():
        if (score > THRESHOLD) != truth:
            name = split_name(result)
            yield Mistake(name, result.detector, texts[event], score, truth, int(count))
