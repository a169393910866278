"""Judging of lines by a language model: each is read twice, and alone where the readings differ.

The second reading is among other lines and without neighbours. Where the readings differ, the line
is asked about alone. A request that judged a line otherwise than the line alone was swayed, so
lines of which both requests were swayed are asked about alone, too. With one reading, only
judgements that contradict the severity or the words of their line are asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt

from fame_sql.labels.contradictions import contradicts, shuffled
from fame_sql.labels.facts import Line
from fame_sql.labels.injections import looks_like_an_order
from fame_sql.labels.notices import told_of
from fame_sql.labels.reader import LINES_A_REQUEST, Reader
from fame_sql.labels.readings import (
    Reading,
    apart,
    differing,
    in_rounds,
    swayed_alike,
    to_ask_alone,
    wavering,
)
from fame_sql.llm.failures import UntrustedError
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import LABEL, LABEL_AGAIN, Row
from fame_sql.llm.request import Request

Advance = Callable[[int], object]


def _ignore(_: int) -> None:
    """Receive progress that nobody wants to see."""


@dataclass
class Judge:
    """Judges lines, and counts what it did not trust.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    stage : str
        The stage, for the bill.
    examples : sequence of dict
        What people have judged.
    twice : bool
        Read every line twice; else only what contradicts its severity and words.
    undecided : int
        Lines left to people.
    doubts : list of dict
        Lines that the model cannot tell, tells with low confidence or judges otherwise alone, each
        with a ``reason``.
    refused : int
        Answers refused because they judged a row with a known answer wrong.
    again : int
        Lines that an answer left out, or judged in a way that cannot be read.
    alone : int
        Lines that read like orders.
    contradictory, changed, swayed : int
        Judgements that contradict severity and words, lines whose two readings differ, and lines
        whose readings agree and that are judged otherwise alone.
    kept : list of dict
        Lines with a judgement when the model was given up.
    """

    model: LanguageModel
    stage: str = "label"
    examples: Sequence[Row] = ()
    twice: bool = True
    undecided: int = 0
    doubts: list[Line] = field(default_factory=list)
    refused: int = 0
    again: int = 0
    alone: int = 0
    contradictory: int = 0
    changed: int = 0
    swayed: int = 0
    kept: list[Line] = field(default_factory=list)
    _last: Reader | None = field(default=None, repr=False)
    _told: set[str] = field(default_factory=set, repr=False)

    def judge_all(self, lines: Sequence[Line], advance: Advance = _ignore) -> list[Line]:
        """Judge lines; those without a trusted judgement are left out, for people.

        Raises
        ------
        AnswerError
            If no answer at all can be used.
        UntrustedError
            If the model judges the rows with a known answer wrong, also where they stand alone.
            What was judged before, and does not contradict itself, is in ``kept``.
        """
        reader = self._first_reader(lines)
        batches = reader.batches(lines)
        if self.model.batch is not None:
            self.model.prepare(self.plan(lines))  # both readings in one file
        found = self._read(reader, batches, advance=advance)
        self.doubts += reader.doubts
        self.alone += sum(looks_like_an_order(line["body"]) for line in lines)
        confirmed = self._confirm(found, batches)
        self.undecided += len(lines) - len(confirmed)
        self.model.notices -= self._told
        self._told = set(told_of(self))
        self.model.notices |= self._told
        return confirmed

    def plan(self, lines: Sequence[Line]) -> list[Request]:
        """Return the requests that depend on no answer, of both readings."""
        reader = self._first_reader(lines)
        first = reader.batches(lines)
        requests = [reader.request(batch) for batch in first]
        if self.twice:
            second = self._second_reader()
            requests += [second.request(batch) for batch in _second_batches(second, first)]
        return requests

    def _first_reader(self, lines: Sequence[Line]) -> Reader:
        """Return what reads lines first.

        Where lines are read twice, few stand together, so that few requests part them all in the
        second reading.
        """
        calm = sum(not looks_like_an_order(line["body"]) for line in lines)
        together = min(ceil(sqrt(calm)), LINES_A_REQUEST) if self.twice else LINES_A_REQUEST
        return self._after_last(
            Reader(self.model, self.stage, self.examples, LABEL, False, together)
        )

    def _second_reader(self) -> Reader:
        """Return what reads lines again, without their neighbours."""
        return self._after_last(Reader(self.model, self.stage, self.examples, LABEL_AGAIN, True))

    def _after_last(self, reader: Reader) -> Reader:
        """Return a reader that knows what the last one has learned of the model."""
        if (last := self._last) is not None:
            reader.judged, reader.most, reader.probes = last.judged, last.most, last.probes
        return reader

    def _read(
        self,
        reader: Reader,
        batches: Sequence[list[Line]],
        before: Sequence[Line] | None = None,
        advance: Advance = _ignore,
    ) -> list[Line]:
        """Return what a reader judges; of a model that is given up, keep what is clear."""
        found: list[Line] = []
        try:
            reader.judge_batches(batches, found, advance)
        except UntrustedError:
            known = found if before is None else before
            self.kept = [line for line in known if not contradicts(line)]
            raise
        self._last = reader
        self.refused += reader.refused
        self.again += reader.again
        return found

    def _confirm(self, lines: Sequence[Line], first: Sequence[list[Line]]) -> list[Line]:
        """Read lines again, and return those with a judgement that can be trusted."""
        contradictory = [line for line in lines if contradicts(line)]
        self.contradictory += len(contradictory)
        second = self._second_reader()
        if self.twice:
            batches = _second_batches(second, first)
        else:
            batches = second.batches(sorted(contradictory, key=shuffled))
        again = self._read(second, batches, lines)
        changed = differing(lines, again, batches)
        if not changed:
            return list(lines)
        self.changed += len(changed)
        alone = self._ask_alone(to_ask_alone(changed, len(lines)), lines)
        settled = self._settled(lines, changed, alone)
        if not self.twice:
            return settled
        suspects = swayed_alike([Reading(lines, first), Reading(again, batches)], alone)
        return self._ask_suspects(settled, suspects)

    def _ask_suspects(self, lines: Sequence[Line], suspects: Sequence[Line]) -> list[Line]:
        """Ask about suspects alone, in rounds, until a round finds none that was swayed."""
        kept = list(lines)
        asked = to_ask_alone(suspects, len(lines))
        for part in in_rounds(asked, at_once=self.model.batch is not None):
            alone = self._ask_alone(part, kept)
            said = {line["log_id"]: line["is_anomaly"] for line in alone}
            swayed = [line for line in part if said.get(line["log_id"]) != line["is_anomaly"]]
            if not swayed:
                return kept
            self.swayed += len(swayed)
            kept = self._settled(kept, swayed, alone)
        self.doubts += [wavering(line, None) for line in suspects[len(asked) :]]
        return kept

    def _ask_alone(self, asked: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
        reader = self._second_reader()
        alone = self._read(reader, [[line] for line in asked], lines)
        self.doubts += reader.doubts
        return alone

    def _settled(
        self, lines: Sequence[Line], doubted: Sequence[Line], alone: Sequence[Line]
    ) -> list[Line]:
        """Return lines with what is said of the doubted ones alone; without it, they have none."""
        counts = {line["log_id"]: line for line in alone}
        gone = {line["log_id"] for line in doubted} - counts.keys()
        self.doubts += [wavering(line, counts.get(line["log_id"])) for line in doubted]
        return [counts.get(i, line) for line in lines if (i := line["log_id"]) not in gone]


def _second_batches(reader: Reader, first: Sequence[list[Line]]) -> list[list[Line]]:
    """Return the requests of the second reading, by those of the first."""
    return [part for group in apart(first) for part in reader.batches(group)]
