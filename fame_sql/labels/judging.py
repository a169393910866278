"""Judging of lines by a language model whose answers are not trusted.

Each request has rows with a known answer. An answer that judges one of them wrong was swayed by a
line of its request: it is refused, and the lines are asked about in halves, so that the line that
sways stands alone at last. Lines that read like orders stand alone from the beginning. A judgement
that contradicts the line's own severity and words is asked for a second time among other lines.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fame_sql.console import printable
from fame_sql.labels.canaries import Batch
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.llm.answers import LabelAnswer
from fame_sql.llm.failures import AnswerError
from fame_sql.llm.model import LanguageModel, in_batches
from fame_sql.llm.prompts import LABEL, LABEL_AGAIN, Row
from fame_sql.llm.request import Request

LINES_A_REQUEST = 50
_TOKENS_A_JUDGEMENT = 45
_MOST_REFUSED = 16
_HIGH = frozenset({"ERROR", "ERR", "FATAL", "CRITICAL", "CRIT", "ALERT", "EMERG", "EMERGENCY",
                   "SEVERE", "FAILURE", "PANIC"})  # fmt: skip
_FAILURE = re.compile(
    r"(?i)\b(?:error|fail(?:ed|ure|ing)?|fatal|panic|corrupt(?:ed|ion)?|lost|refused|timed? ?out|"
    r"crash(?:ed)?|not responding|unreachable|exception|abort(?:ed)?|dead|killed|denied)\b"
)

Line = dict[str, Any]


@dataclass
class Judge:
    """Judges lines, and counts what it did not trust.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    stage : str
        The stage, for the bill.
    of_many : bool
        Whether a request holds lines of several templates, which one could sway: then it has rows
        with a known answer, and doubtful judgements are asked for twice.
    judged, undecided : int
        Lines with a judgement, and lines left to people.
    refused : int
        Answers refused because they judged a row with a known answer wrong.
    alone : int
        Lines that read like orders.
    contradictory, changed : int
        Judgements that contradict severity and words, and those that a second reading changed.
    """

    model: LanguageModel
    stage: str = "label"
    of_many: bool = True
    judged: int = 0
    undecided: int = 0
    refused: int = 0
    alone: int = 0
    contradictory: int = 0
    changed: int = 0
    _task: str = field(default=LABEL, repr=False)
    _left: int = _MOST_REFUSED

    def judge_all(
        self, lines: Sequence[Line], advance: Callable[[int], object] = lambda _: None
    ) -> list[Line]:
        """Judge lines; those without a trusted judgement are left out, for people.

        Raises
        ------
        AnswerError
            If no answer at all can be used.
        """
        batches = self.batches(lines)
        self.model.prepare([self.request(batch) for batch in batches])
        found: list[Line] = []
        for batch in batches:
            self._left = _MOST_REFUSED
            found += self.judge(batch)
            advance(len(batch))
        self.alone += sum(looks_like_an_order(line["body"]) for line in lines)
        confirmed = self._confirm(found)
        self.undecided += len(lines) - len(confirmed)
        self._say()
        return confirmed

    def batches(self, lines: Sequence[Line]) -> list[list[Line]]:
        """Divide lines into requests; one that reads like an order has its own."""
        calm = [line for line in lines if not looks_like_an_order(line["body"])]
        orders = [[line] for line in lines if looks_like_an_order(line["body"])]
        rows = [{"id": f"l{n}", **_row(line)} for n, line in enumerate(calm)]
        cut = in_batches(rows, self.model.window, _TOKENS_A_JUDGEMENT, LINES_A_REQUEST)
        sizes = [len(batch) for batch in cut]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return [calm[a : a + n] for a, n in zip(starts, sizes, strict=True)] + orders

    def request(self, lines: Sequence[Line]) -> Request:
        """Return the request for judgements of a few lines."""
        rows = Batch.of([_row(line) for line in lines], of_many=self.of_many).rows
        expected = _TOKENS_A_JUDGEMENT * len(rows)
        return self.model.request(self.stage, self._task, rows, LabelAnswer, expected)

    def judge(self, lines: Sequence[Line]) -> list[Line]:
        """Judge the lines of one request, in halves where its answer cannot be used or trusted."""
        batch = Batch.of([_row(line) for line in lines], of_many=self.of_many)
        try:
            answer = self.model.ask(self.request(lines), LabelAnswer, batch.faults)
        except AnswerError:
            if len(lines) == 1 and not self.judged:
                raise
            return self._halves(lines)
        if batch.is_swayed(answer):
            self.refused += 1
            self._left -= 1
            return self._halves(lines) if self._left > 0 else []
        by_id = {judgement.id: judgement for judgement in answer.judgements}
        kept = [
            _judged(line, by_id[i].label, by_id[i].reason)
            for i, line in zip(batch.line_ids, lines, strict=True)
            if by_id[i].label != "cannot tell"
        ]
        self.judged += len(lines)
        return kept

    def _halves(self, lines: Sequence[Line]) -> list[Line]:
        if len(lines) == 1:
            return []
        half = len(lines) // 2
        return self.judge(lines[:half]) + self.judge(lines[half:])

    def _confirm(self, lines: Sequence[Line]) -> list[Line]:
        """Ask a second time, among other lines, about what contradicts severity and words."""
        doubted = sorted((line for line in lines if contradicts(line)), key=_shuffled)
        self.contradictory += len(doubted)
        if not doubted or not self.of_many:
            return list(lines)
        second = Judge(self.model, self.stage, judged=self.judged, _task=LABEL_AGAIN)
        asked = second.batches(doubted)
        self.model.prepare([second.request(batch) for batch in asked])
        said: dict[Any, bool] = {}
        for batch in asked:
            second._left = _MOST_REFUSED
            said |= {line["log_id"]: line["is_anomaly"] for line in second.judge(batch)}
        self.refused += second.refused
        changed = {
            line["log_id"] for line in doubted if said.get(line["log_id"]) != line["is_anomaly"]
        }
        self.changed += len(changed)
        return [line for line in lines if line["log_id"] not in changed]

    def _say(self) -> None:
        said = {
            "answers were refused: they judged a row with a known answer wrong": self.refused,
            "lines that read like orders were asked about alone": self.alone,
            "judgements contradict the severity or the words of their lines": self.contradictory,
            "of these were judged otherwise at a second reading": self.changed,
            "lines have no judgement that can be trusted, and wait for a person": self.undecided,
        }
        self.model.notices |= {f"{count} {what}" for what, count in said.items() if count}


def contradicts(line: Line) -> bool:
    """Return whether a judgement contradicts what the line says of itself."""
    high = str(line.get("severity_text") or "").upper() in _HIGH
    words = _FAILURE.search(str(line["body"])) is not None
    return (high or words) != bool(line["is_anomaly"])


def _shuffled(line: Line) -> str:
    return hashlib.sha256(str(line["body"]).encode("utf-8", "replace")).hexdigest()


def _row(line: Line) -> Row:
    facts = {
        "service": line["service_name"],
        "severity": line["severity_text"],
        "message": line["body"],
    }
    return {name: value for name, value in facts.items() if value}


def _judged(line: Line, label: str, reason: str) -> Line:
    said = printable(" ".join(reason.split()))[:300]
    return {**line, "is_anomaly": label == "anomalous", "evidence": said}
