"""What a study's findings come to: measures by group, labels spent, confusion, worst lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from fame_sql.evaluation.metrics import Judged, Measured, with_intervals
from fame_sql.evaluation.study.findings import PARTS, Finding
from fame_sql.verdict import THRESHOLD

Key = tuple[str, str, str]
"""A group of findings: split, detector, part of the lines."""


def gathered(findings: Sequence[Finding], weighting: str = "lines") -> dict[Key, list[Judged]]:
    """Gather findings by protocol, split and detector into one list of seeds a part.

    Folds over templates are pooled: each line is judged once a seed.

    Parameters
    ----------
    findings : sequence of Finding
        Of one plan.
    weighting : str
        What counts: one of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.

    Returns
    -------
    dict
        From (protocol and split, detector, part) to a :class:`Judged` a seed.
    """
    groups: dict[tuple[str, str], dict[int, list[Finding]]] = {}
    for finding in findings:
        by_seed = groups.setdefault((split_name(finding), finding.detector), {})
        by_seed.setdefault(finding.seed, []).append(finding)
    return {
        (name, detector, part): [
            Judged.pooled([finding.on(part, weighting) for finding in members])
            for members in seeds.values()
        ]
        for (name, detector), seeds in groups.items()
        for part in PARTS
    }


def split_name(finding: Finding) -> str:
    """Return what the split is called in tables: a cut, or templates left out."""
    return finding.split if finding.protocol == "time" else "templates left out"


def measured(groups: Mapping[Key, Sequence[Judged]]) -> dict[Key, dict[str, Measured]]:
    """Return every measure with its interval for the groups that hold a line."""
    return {
        key: with_intervals(seeds)
        for key, seeds in groups.items()
        if any(len(judged.score) for judged in seeds)
    }


@dataclass(frozen=True)
class Spent:
    """What the labels of a split cost.

    Parameters
    ----------
    split : str
        A cut, or a fold of templates left out.
    labels, lines : int
        Lines judged for training, and those that could have been.
    reduction : float or None
        Lines available for each line judged; None where none was.
    """

    split: str
    labels: int
    lines: int
    reduction: float | None


def labels_spent(findings: Sequence[Finding]) -> list[Spent]:
    """Return what the labels of each split cost, with the first seed."""
    found = sorted({(f.split, f.labels, f.lines_known) for f in findings if f.seed == 0})
    return [Spent(split, n, lines, lines / n if n else None) for split, n, lines in found]


@dataclass
class Confusion:
    """What became of the lines that the method saw in one domain.

    Parameters
    ----------
    split, domain : str
        Where; of an unseen template the domain is the router's guess.
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


def confusion(findings: Sequence[Finding], detector: str = "fame") -> list[Confusion]:
    """Return the confusion by domain of the first seed, the most lines first in each split."""
    cells: dict[tuple[str, str, bool], Confusion] = {}
    for finding in findings:
        if finding.detector != detector or finding.seed != 0 or not finding.domains:
            continue
        judged = finding.judged
        columns = (judged.seen.tolist(), judged.is_anomaly.tolist(), judged.lines.tolist())
        for domain, score, seen, truth, lines in zip(
            finding.domains, finding.scores, *columns, strict=True
        ):
            key = (split_name(finding), domain, seen)
            _count(cells.setdefault(key, Confusion(*key)), score > THRESHOLD, truth, int(lines))
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
    measures: Mapping[Key, Mapping[str, Measured]], weighting: str
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
class Wrong:
    """Lines of one event that a detector judged wrongly.

    Parameters
    ----------
    split, detector : str
        Where, and by what.
    text : str
        Canonical text of the event.
    score : float
        What the detector gave it on this split, with the first seed.
    is_anomaly : bool
        What the lines are.
    lines : int
        How many of them there are.
    """

    split: str
    detector: str
    text: str
    score: float
    is_anomaly: bool
    lines: int

    @property
    def weight(self) -> float:
        """How wrong it is: the distance of the score from the truth, times lines."""
        return self.lines * abs(self.score - self.is_anomaly)


def most_wrong(
    findings: Sequence[Finding], texts: Mapping[int, str], detector: str, at_most: int = 10
) -> list[Wrong]:
    """Return what a detector's first seed judged most wrongly on each split, the worst first.

    Parameters
    ----------
    findings : sequence of Finding
        Of one plan.
    texts : mapping
        Canonical text of each event.
    detector : str
        Whose mistakes.
    at_most : int
        Events of each split.
    """
    splits: dict[str, list[Wrong]] = {}
    for finding in findings:
        if finding.detector == detector and finding.seed == 0:
            splits.setdefault(split_name(finding), []).extend(_wrong(finding, texts))
    return [
        wrong
        for found in splits.values()
        for wrong in sorted(found, key=lambda one: (-one.weight, one.text))[:at_most]
    ]


def _wrong(finding: Finding, texts: Mapping[int, str]) -> Iterator[Wrong]:
    """Yield what one trial judged wrongly, an event once for each of its labels."""
    judged = finding.judged
    columns = (judged.event_id.tolist(), judged.is_anomaly.tolist(), judged.lines.tolist())
    lines: dict[tuple[int, bool, float], float] = {}
    for event, truth, count, score in zip(*columns, finding.scores, strict=True):
        lines[event, truth, score] = lines.get((event, truth, score), 0.0) + count
    for (event, truth, score), count in lines.items():
        if (score > THRESHOLD) != truth:
            name = split_name(finding)
            yield Wrong(name, finding.detector, texts[event], score, truth, int(count))
