"""Prequential evaluation: each block is judged from the past only, then it becomes the past.

The first part of the log is mined and labelled as in the study. The lines after the cut whose
template it does not hold are the unseen ones. They are judged one after another by the words, and
by the answers that are in force when they come (:mod:`fame_sql.evaluation.stream.replay`). Beside
that stand detectors that spend the same labels otherwise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.canonical.provisional import provisional_id
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.evaluation.metrics import Estimate, ScoredLines, with_intervals
from fame_sql.evaluation.stream.replay import AnswerPlan, StreamedLine, replay
from fame_sql.evaluation.stream.words import (
    SAME_LINES,
    WITHOUT_LOOK_UP,
    LabelledText,
    learned_scores,
    word_scores,
)
from fame_sql.evaluation.study.splits import LabelledLines, Split, by_time, check_cuts, read_lines
from fame_sql.evaluation.study.trials import trial
from fame_sql.labels import PER_TEMPLATE
from fame_sql.verdict import THRESHOLD
from fame_sql.warehouse.warehouse import Warehouse

BLOCKS = 20
CURVE = (5, 10, 20, 41)
"""Numbers of answers that are compared unless others are given."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StreamPlan:
    """What is evaluated.

    Parameters
    ----------
    cuts : tuple of float
        The shares of the lines that are known before the stream.
    answers : tuple of int
        Numbers of answers.
    delay : int
        Blocks until an answer is in force; 0 for the next line.
    wrong : float
        Share of wrong answers. With any, other ways to spend the labels are left out.
    seeds : int
        How often wrong answers are drawn; 1 without them.
    blocks : int
        Number of blocks of the lines after a cut.
    per_template : int
        K: maximum labelled lines per template before the cut.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    cuts: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8)
    answers: tuple[int, ...] = CURVE
    delay: int = 0
    wrong: float = 0.0
    seeds: int = 5
    blocks: int = BLOCKS
    per_template: int = PER_TEMPLATE

    def __post_init__(self) -> None:
        check_cuts(self.cuts)
        for number in self.answers:
            AnswerPlan(number, self.delay, self.wrong)
        if not self.cuts or not self.answers:
            raise InputError("a stream needs a cut and a number of answers: try 0.5,0.8 and 10,41")


@dataclass(frozen=True)
class StreamResult:
    """What a detector found among the unseen lines after a cut.

    Parameters
    ----------
    cut : str
        The cut; ``"mean"`` for the mean of all cuts.
    detector : str
        The detector.
    answers : int
        Labels that it could spend after the cut.
    used : float
        Labels that it spent.
    templates, lines, anomalies : int
        Unseen templates, their lines, and those that are anomalous.
    recall : Estimate
        Share of the anomalous lines that were reported, with the bootstrap over blocks.
    false_alarms : float or None
        Share of the normal lines that were reported.
    """

    cut: str
    detector: str
    answers: int
    used: float
    templates: int
    lines: int
    anomalies: int
    recall: Estimate
    false_alarms: float | None

    def to_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Stream:
    """The unseen lines after a cut, in order.

    Parameters
    ----------
    cut : str
        Name of the cut.
    lines : list of StreamedLine
        The lines.
    texts : list of str
        Their canonical texts.
    known : list of LabelledText
        What was labelled before the cut.
    """

    cut: str
    lines: list[StreamedLine]
    texts: list[str]
    known: list[LabelledText]


def evaluate_stream(
    warehouse: Path, plan: StreamPlan, *, progress: Progress | None = None
) -> list[StreamResult]:
    """Evaluate answers about new templates on the labelled lines of a warehouse.

    Parameters
    ----------
    warehouse : Path
        A warehouse with labelled lines; it is only read.
    plan : StreamPlan
        What to evaluate.
    progress : Progress, optional
        Receives the progress by cuts.

    Raises
    ------
    InputError
        If the warehouse has no labelled lines, or no unseen line after a cut.
    """
    with Warehouse.open(warehouse, read_only=True) as opened:
        lines = read_lines(opened)
    results: list[StreamResult] = []
    with (progress or SilentProgress()).step("streams", len(plan.cuts)) as step:
        for split in by_time(lines, plan.cuts):
            stream = _stream(warehouse, lines, split, plan)
            results += _results(stream, plan)
            step.advance()
    return [*results, *_means(results)]


def _stream(warehouse: Path, lines: LabelledLines, split: Split, plan: StreamPlan) -> Stream:
    with (
        tempfile.TemporaryDirectory() as folder,
        trial(warehouse, Path(folder), lines, split, plan.per_template) as made,
    ):
        known = [LabelledText(event.canonical, event.share) for event in made.labelled]
        events = np.unique(lines.event_id[split.judged]).tolist()
        unseen = {e for e in events if made.templates.match(lines.canonical[e]) is None}
    places = [p for p, i in enumerate(split.judged) if int(lines.event_id[i]) in unseen]
    if not places:
        raise InputError(f"no line after the cut {split.name} is of a new template: cut earlier")
    rows = split.judged[places]
    texts = [lines.canonical[event] for event in lines.event_id[rows].tolist()]
    return Stream(
        cut=split.name,
        lines=[
            StreamedLine(provisional_id(text), score, int(severity), bool(truth), block)
            for text, score, severity, truth, block in zip(
                texts,
                word_scores(known, texts).tolist(),
                lines.severity[rows],
                lines.is_anomaly[rows],
                [place * plan.blocks // len(split.judged) for place in places],
                strict=True,
            )
        ],
        texts=texts,
        known=known,
    )


def _results(stream: Stream, plan: StreamPlan) -> Iterator[StreamResult]:
    yield _result(stream, "words alone", 0, [np.array([line.score for line in stream.lines])], [0])
    seeds = range(plan.seeds if plan.wrong else 1)
    for number in plan.answers:
        plans = [AnswerPlan(number, plan.delay, plan.wrong, seed) for seed in seeds]
        found = [replay(stream.lines, each) for each in plans]
        used = [len(each.answers) for each in found]
        yield _result(stream, "answers", number, [each.score for each in found], used)
    if not plan.wrong:
        yield from _without_look_up(stream, plan)


def _without_look_up(stream: Stream, plan: StreamPlan) -> Iterator[StreamResult]:
    """Yield what the largest number of labels finds where it is spent otherwise."""
    most = AnswerPlan(max(plan.answers), plan.delay)
    asked = replay(stream.lines, most)
    for name, choose in WITHOUT_LOOK_UP.items():
        chosen = choose(stream.lines, most, asked)
        scores = learned_scores(stream.known, stream.texts, stream.lines, chosen, plan.delay)
        yield _result(stream, name, most.answers, [scores], [len(chosen)])
        if name == SAME_LINES:
            both = np.where(asked.answered, asked.score, scores)
            yield _result(stream, "answers and words", most.answers, [both], [len(chosen)])


def _result(
    stream: Stream, detector: str, answers: int, scores: Sequence[Floats], used: Sequence[int]
) -> StreamResult:
    truth = np.array([line.is_anomaly for line in stream.lines], dtype=bool)
    block = np.array([line.block for line in stream.lines])
    judged = [ScoredLines(score, truth, np.ones(len(truth)), block) for score in scores]
    normal = float((~truth).sum())
    alarms = [float(((score > THRESHOLD) & ~truth).sum()) for score in scores]
    return StreamResult(
        cut=stream.cut,
        detector=detector,
        answers=answers,
        used=float(np.mean(used)),
        templates=len({line.template_id for line in stream.lines}),
        lines=len(truth),
        anomalies=int(truth.sum()),
        recall=with_intervals(judged)["recall"],
        false_alarms=float(np.mean(alarms)) / normal if normal else None,
    )


def _means(results: Sequence[StreamResult]) -> Iterator[StreamResult]:
    """Return the mean over the cuts of each detector and number of answers."""
    groups: dict[tuple[str, int], list[StreamResult]] = {}
    for result in results:
        groups.setdefault((result.detector, result.answers), []).append(result)
    for (detector, answers), members in groups.items():
        recalls = [r.recall.value for r in members if r.recall.value is not None]
        alarms = [r.false_alarms for r in members if r.false_alarms is not None]
        yield StreamResult(
            cut="mean",
            detector=detector,
            answers=answers,
            used=float(np.mean([r.used for r in members])),
            templates=round(np.mean([r.templates for r in members])),
            lines=round(np.mean([r.lines for r in members])),
            anomalies=round(np.mean([r.anomalies for r in members])),
            recall=Estimate(float(np.mean(recalls)) if recalls else None, None, None),
            false_alarms=float(np.mean(alarms)) if alarms else None,
        )
