"""One reading of lines by a language model whose answers are not trusted.

Each request has rows with a known answer. An answer that judges one of them wrong was swayed by a
line of its request: it is refused, and the lines are asked about in halves without their
neighbours, so that the line that sways stands alone at last. Lines that read like orders stand
alone from the beginning. Of an answer that is wrong in part, the good rows are kept, and only the
others are asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fame_sql.console import printable
from fame_sql.labels.canaries import Batch
from fame_sql.labels.dividing import by_offence, parts
from fame_sql.labels.facts import Line, row_of
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.llm.answers import Judgement, LabelAnswer, items_of
from fame_sql.llm.failures import (
    AnswerError,
    BatchPendingError,
    CutOffError,
    RefusedError,
    UntrustedError,
)
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import LABEL, Row, row_tokens
from fame_sql.llm.request import Request
from fame_sql.llm.rows import in_batches

LINES_A_REQUEST = 50
_TOKENS_A_REQUEST = 9000  # a short request is read with care, and little is lost with it
_TOKENS_A_JUDGEMENT = 45
_MOST_REFUSED = 16
_REFUSED_IN_A_ROW = 4
_HALVES = 2  # a request and its two halves without an answer: the model does not answer
_OVERHEAD = 1800
_LONGEST_REASON = 300


@dataclass
class Reader:
    """Judges each line once, and counts what it did not trust.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    stage : str
        The stage, for the bill.
    examples : sequence of dict
        What people have judged.
    task : str
        What the model is asked to do.
    is_alone : bool
        Send lines without their neighbours.
    together : int
        Maximum number of lines in a request as they are divided.
    judged : int
        Lines with a judgement.
    doubts : list of dict
        Lines that the model cannot tell, or tells with low confidence, each with a ``reason``.
    refused : int
        Answers refused because they judged a row with a known answer wrong.
    again : int
        Lines that an answer left out, or judged in a way that cannot be read.
    most : int
        Lines in a request; fewer once answers are cut off.
    probes : int
        How often the rows with a known answer were asked about alone.
    """

    model: LanguageModel
    stage: str = "label"
    examples: Sequence[Row] = ()
    task: str = LABEL
    is_alone: bool = False
    together: int = LINES_A_REQUEST
    judged: int = 0
    doubts: list[Line] = field(default_factory=list)
    refused: int = 0
    again: int = 0
    most: int = LINES_A_REQUEST
    probes: int = 0
    _left: int = _MOST_REFUSED
    _in_a_row: int = 0
    _without_answer: int = 0
    _divided: bool = False

    def judge_batches(
        self,
        batches: Sequence[list[Line]],
        found: list[Line],
        advance: Callable[[int], object],
    ) -> None:
        """Add the judgements of all batches to ``found``."""
        pending: BatchPendingError | None = None
        # Few are asked ahead, so that little is paid to a model that is given up.
        ahead = 2 * self.model.concurrency if self.model.batch is None else len(batches)
        for n, batch in enumerate(batches):
            if n % max(ahead, 1) == 0:
                coming = [part for b in batches[n : n + ahead] for part in parts(b, self.most)]
                self.model.prepare([self.request(part) for part in coming])
            self._left = _MOST_REFUSED
            try:
                found += self._in_parts(batch)
            except BatchPendingError as waiting:
                pending = waiting
            advance(len(batch))
        if pending is not None:
            raise pending
        if self._in_a_row and not self.judged:
            self._probe()

    def batches(self, lines: Sequence[Line]) -> list[list[Line]]:
        """Divide lines into requests; one that reads like an order has its own."""
        calm = [line for line in lines if not looks_like_an_order(line["body"])]
        orders = [[line] for line in lines if looks_like_an_order(line["body"])]
        rows = [{"id": f"l{n}", **row_of(line, alone=self.is_alone)} for n, line in enumerate(calm)]
        shown = sum(row_tokens(row) for row in self.examples)
        window = min(self.model.window, _TOKENS_A_REQUEST + shown)
        cut = in_batches(rows, window, _TOKENS_A_JUDGEMENT, self.together, _OVERHEAD + shown)
        sizes = [len(batch) for batch in cut]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return [calm[a : a + n] for a, n in zip(starts, sizes, strict=True)] + orders

    def request(self, lines: Sequence[Line]) -> Request:
        """Return the request for judgements of a few lines."""
        return self._request(self._batch(lines))

    def _batch(self, lines: Sequence[Line]) -> Batch:
        rows = [row_of(line, alone=self.is_alone) for line in lines]
        return Batch.of(rows)

    def _request(self, batch: Batch) -> Request:
        expected = _TOKENS_A_JUDGEMENT * len(batch.rows)
        return self.model.request(
            self.stage, self.task, batch.rows, LabelAnswer, expected, self.examples
        )

    def judge(self, lines: Sequence[Line]) -> list[Line]:
        """Judge the lines of one request, in halves where its answer cannot be used or trusted."""
        batch = self._batch(lines)
        try:
            answer = self.model.ask(
                self._request(batch), LabelAnswer, batch.faults, salvage=batch.salvaged
            )
        except RefusedError as error:
            return self._after_refusal(lines, error)
        except CutOffError as error:
            return self._after_cut(lines, error)
        except AnswerError:
            if len(lines) == 1 and not self.judged:
                raise
            return self._halves(lines)
        self._without_answer = 0
        if batch.is_swayed(answer):
            return self._after_swayed(lines)
        self._in_a_row = 0
        return self._kept(lines, batch, answer)

    def _after_swayed(self, lines: Sequence[Line]) -> list[Line]:
        """Refuse an answer that judges a known row wrong, and ask again without neighbours."""
        self.refused += 1
        self._left -= 1
        self._in_a_row += len(lines) > 1  # a line alone may sway its own judgement
        if self._in_a_row >= _REFUSED_IN_A_ROW:
            self._probe()
        return self._without_neighbours(lines) if self._left > 0 else []

    def _kept(self, lines: Sequence[Line], batch: Batch, answer: LabelAnswer) -> list[Line]:
        """Return the lines that an answer judges, and ask again for those that it left out."""
        said = {judgement.id: judgement for judgement in answer.judgements}
        pairs = [(line, said.get(i)) for i, line in zip(batch.line_ids, lines, strict=True)]
        missing = [line for line, judgement in pairs if judgement is None]
        self.judged += len(lines) - len(missing)
        self.again += len(missing)
        kept = [self._taken(line, judgement) for line, judgement in pairs if judgement is not None]
        found = [line for line in kept if line is not None]
        return found + (self.judge(missing) if missing else [])

    def _probe(self) -> None:
        """Ask about the rows with a known answer alone: where no line sways, the model is wrong."""
        self.probes += 1
        batch = Batch.of([], self.probes)
        answer = self.model.ask(self._request(batch), LabelAnswer, batch.faults)
        if batch.is_swayed(answer):
            raise UntrustedError(
                f"{self.model.name} judged rows with a known answer wrong in {self._in_a_row} "
                "requests in a row and where they stand alone, so its labels cannot be trusted: "
                f"given up after {self.model.usage}; choose another --llm-model"
            )
        self._in_a_row = 0

    def _taken(self, line: Line, judgement: Judgement) -> Line | None:
        """Return a line with its judgement; None, and a doubt, if the model cannot tell."""
        reason = printable(" ".join(judgement.reason.split()))[:_LONGEST_REASON]
        if judgement.label == "cannot tell":
            self.doubts.append({**line, "reason": f"cannot tell: {reason}"})
            return None
        if judgement.confidence == "low":
            said = f"{judgement.label}, with low confidence: {reason}"
            self.doubts.append({**line, "reason": said})
        return {**line, "is_anomaly": judgement.label == "anomalous", "evidence": reason}

    def _after_refusal(self, lines: Sequence[Line], error: RefusedError) -> list[Line]:
        """Ask about the calm lines and about the others, once; what is refused is for people."""
        self._without_answer += 1
        if self._without_answer > _HALVES and not self.judged:
            raise error
        if len(lines) == 1 or self._divided:
            return self._left_to_people(lines, "the model refuses to answer")
        calm, offensive = by_offence(lines)
        self._divided = True
        try:
            return self.judge(calm) + self.judge(offensive)
        finally:
            self._divided = False

    def _after_cut(self, lines: Sequence[Line], error: CutOffError) -> list[Line]:
        """Ask for as many lines as the answer had room for, or with more room for its reasoning."""
        self._without_answer += 1
        if self._without_answer > _HALVES or len(lines) == 1:
            if not self.judged:
                raise error
            return self._left_to_people(lines, "the answer is cut off")
        fitted = len(items_of(Judgement, error.content))
        if error.at_limit and not fitted:
            self.model.reasoning *= 4
        self.most = min(self.most, max(1, fitted * 3 // 4 or len(lines) // 2))
        return [line for half in parts(lines, self.most) for line in self._in_parts(half)]

    def _in_parts(self, lines: Sequence[Line]) -> list[Line]:
        return [line for part in parts(lines, self.most) for line in self.judge(part)]

    def _left_to_people(self, lines: Sequence[Line], reason: str) -> list[Line]:
        self.doubts += [{**line, "reason": reason} for line in lines]
        return []

    def _halves(self, lines: Sequence[Line]) -> list[Line]:
        if len(lines) == 1:
            return []
        half = len(lines) // 2
        return self.judge(lines[:half]) + self.judge(lines[half:])

    def _without_neighbours(self, lines: Sequence[Line]) -> list[Line]:
        """Ask in halves, and leave out the neighbouring lines, one of which may have swayed."""
        before, self.is_alone = self.is_alone, True
        try:
            if len(lines) == 1 and row_of(lines[0]) != row_of(lines[0], alone=True) and not before:
                return self.judge(lines)
            return self._halves(lines)
        finally:
            self.is_alone = before
