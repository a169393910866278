"""The way before FAME: a language model reads every window, in parts of some lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, groupby
from typing import Any

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress, printable
from fame_sql.llm.failures import AnswerError
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import Row
from fame_sql.llm.request import Request
from fame_sql.llm.rows import in_batches
from fame_sql.operations.windows.alarms import (
    RANKS,
    ROUTES,
    JudgedWindow,
    WindowAlarm,
    WindowAnswer,
    suppress,
)
from fame_sql.warehouse.warehouse import Warehouse, utc_now

STAGE = "window"
LINES_A_REQUEST = 100
SUPPRESS_MINUTES = 60.0
EVERY = 2**62
_EXPECTED_TOKENS = 60
_PREPARED = 64
_SAMPLED = 50
_TEXT = 300


WINDOW = (
    "The rows are the lines of one service within a few minutes, in order. Say what the engineer "
    "on call should be told of them, as a list of alarms; an empty list if there is nothing. Give "
    "each alarm a type in two or three lower-case words, the same for the same trouble; a "
    "severity: 'critical' if people lose service or data now, 'error' if something has failed and "
    "stays failed, 'warning' if somebody should look into it today, 'info' if it need not be "
    "looked into; one sentence; and the ids of at most five lines that show it. Retries that "
    "succeeded, errors that were handled, denials that are expected, starts, stops and tests are "
    "no alarms."
)

Line = dict[str, Any]


@dataclass(frozen=True)
class WindowPart:
    """Some lines of a window, which one request asks about."""

    lines: list[Line]

    @property
    def rows(self) -> list[Row]:
        """The rows that are sent."""
        return [{"id": f"l{n}", **_row(line)} for n, line in enumerate(self.lines, 1)]

    def faults(self, answer: WindowAnswer) -> list[str]:
        """Return the lines that an answer names and that were not sent."""
        sent = {f"l{n}" for n in range(1, len(self.lines) + 1)}
        invented = sorted({i for alarm in answer.alarms for i in alarm.lines} - sent)
        return [f"these ids name no row: {', '.join(invented[:10])}"] if invented else []

    def log_ids(self, alarm: WindowAlarm) -> list[int]:
        """Return the lines that show an alarm."""
        ids = {f"l{n}": line["log_id"] for n, line in enumerate(self.lines, 1)}
        return [ids[i] for i in alarm.lines if i in ids]


_Window = tuple[Any, str, list[WindowPart]]


@dataclass(frozen=True)
class WindowPreview:
    """What judging windows would send.

    Parameters
    ----------
    first : Request or None
        The first request.
    windows, requests, lines : int
        How many there are.
    tokens_in, tokens_out : int
        Estimated numbers of tokens.
    cost_usd : float or None
        Estimated cost; None for a model without a price.
    measured_on : int
        The requests that the numbers of tokens were measured on.
    """

    first: Request | None
    windows: int
    requests: int
    lines: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    measured_on: int


@dataclass
class WindowJudge:
    """Lets a language model judge windows.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    minutes : int
        Length of a window.
    lines_a_request : int
        Maximum number of lines in a request.
    at_most : int
        Maximum number of windows, the first ones.
    """

    model: LanguageModel
    minutes: int
    lines_a_request: int = LINES_A_REQUEST
    at_most: int = EVERY

    def judge(
        self,
        warehouse: Warehouse,
        *,
        suppress_minutes: float = SUPPRESS_MINUTES,
        progress: Progress | None = None,
    ) -> str:
        """Judge the windows, store what was said, and return the detector's name.

        Parameters
        ----------
        warehouse : Warehouse
            A warehouse whose windows are open.
        suppress_minutes : float
            How long an alarm silences further ones of its type.
        progress : Progress, optional
            Receives the progress by windows.

        Raises
        ------
        LanguageModelError
            If the model cannot be reached or the budget is too small; the answers so far are in
            the ledger, and the same command continues.
        """
        found: list[JudgedWindow] = []
        count = self._count(warehouse)
        # A file of a batch holds all requests, whatever memory they take.
        ahead = _PREPARED if self.model.batch is None else count
        with (progress or SilentProgress()).step("judging windows", count) as step:
            for some in self._windows(warehouse, ahead):
                self.model.prepare([self.request(p) for _, _, parts in some for p in parts])
                for window in some:
                    found.append(self._judge(*window))
                    step.advance()
        detector = f"language model {self.model.name}"
        with warehouse.transaction():
            self._store(warehouse, detector, suppress(found, suppress_minutes))
        return detector

    def preview(self, warehouse: Warehouse) -> WindowPreview:
        """Return what :meth:`judge` would send, measured on some of the requests."""
        parts = lines = 0
        sampled: list[Request] = []
        count = self._count(warehouse)
        every = max(1, count // _SAMPLED)
        for number, (_, _, some) in enumerate(chain.from_iterable(self._windows(warehouse))):
            parts += len(some)
            lines += sum(len(part.lines) for part in some)
            if number % every == 0:
                sampled += [self.request(part) for part in some]
        scale = parts / len(sampled) if sampled else 0.0
        tokens_in = round(scale * sum(request.tokens for request in sampled))
        tokens_out = _EXPECTED_TOKENS * parts
        return WindowPreview(
            first=sampled[0] if sampled else None,
            windows=count,
            requests=parts,
            lines=lines,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd=self.model.prices.cost(self.model.name, tokens_in, tokens_out),
            measured_on=len(sampled),
        )

    def request(self, part: WindowPart) -> Request:
        """Return the request about a part of a window."""
        return self.model.request(STAGE, WINDOW, part.rows, WindowAnswer, _EXPECTED_TOKENS)

    def _count(self, warehouse: Warehouse) -> int:
        judged: int = warehouse.value("SELECT count(*) FROM service_windows WHERE is_judged")
        return min(judged, self.at_most)

    def _windows(self, warehouse: Warehouse, at_once: int = _PREPARED) -> Iterator[list[_Window]]:
        """Yield the windows that are judged, as many at once as are wanted in memory."""
        count = self._count(warehouse)
        for start in range(0, count, max(1, at_once)):
            facts = {
                "minutes": self.minutes,
                "skipped": start,
                "at_most": min(at_once, count - start),
            }
            lines = warehouse.records(sql.load("operations/windows/lines"), facts)
            grouped = groupby(lines, key=lambda line: (line["window_start"], line["service_name"]))
            yield [(*key, list(self._parts(list(group)))) for key, group in grouped]

    def _parts(self, lines: Sequence[Line]) -> Iterator[WindowPart]:
        rows = [{"id": "l1000", **_row(line)} for line in lines]
        start = 0
        for batch in in_batches(rows, self.model.window, 1, self.lines_a_request):
            yield WindowPart(list(lines[start : start + len(batch)]))
            start += len(batch)

    def _judge(self, start: Any, service: str, parts: Sequence[WindowPart]) -> JudgedWindow:
        alarms: list[WindowAlarm] = []
        evidence: list[int] = []
        for part in parts:
            try:
                answer = self.model.ask(self.request(part), WindowAnswer, part.faults)
            except AnswerError as error:
                self.model.notices.add(f"some parts of windows have no answer: {error}")
                continue
            alarms += answer.alarms
            evidence += [i for alarm in answer.alarms for i in part.log_ids(alarm)]
        cost = self._cost(parts)
        if not alarms:
            return JudgedWindow(start, service, cost_usd=cost)
        worst = max(alarms, key=lambda alarm: RANKS.index(alarm.severity))
        return JudgedWindow(
            start,
            service,
            is_alarm=True,
            alarm_severity=worst.severity,
            alarm_type=_printed(worst.type)[:60],
            summary=_printed(worst.summary),
            evidence=tuple(dict.fromkeys(evidence)),
            route=ROUTES[worst.severity],
            cost_usd=cost,
        )

    def _cost(self, parts: Sequence[WindowPart]) -> float | None:
        """Return what the answers about a window have cost, whenever they were paid for."""
        replies = [self.model.ledger.find_reply(self.request(p).request_hash) for p in parts]
        costs = [
            self.model.prices.cost(self.model.name, reply.tokens_in, reply.tokens_out)
            for reply in replies
            if reply is not None
        ]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None

    def _store(self, warehouse: Warehouse, detector: str, windows: list[JudgedWindow]) -> None:
        warehouse.connection.execute(sql.load("operations/windows/delete"), {"detector": detector})
        if not windows:
            return
        facts = {"detector": detector, "minutes": self.minutes, "detected_at": utc_now()}
        warehouse.with_table(
            "judged_windows",
            pa.Table.from_pylist([asdict(window) for window in windows], schema=_SCHEMA),
            sql.load("operations/windows/add_judged"),
            facts,
        )


_SCHEMA = pa.schema(
    [
        ("window_start", pa.timestamp("us")),
        ("service_name", pa.string()),
        ("is_alarm", pa.bool_()),
        ("alarm_severity", pa.string()),
        ("alarm_type", pa.string()),
        ("summary", pa.string()),
        ("evidence", pa.list_(pa.int64())),
        ("suppressed", pa.bool_()),
        ("route", pa.string()),
        ("cost_usd", pa.float64()),
    ]
)


def _row(line: Line) -> Row:
    time = line["timestamp"]
    facts = {
        "time": None if time is None else time.isoformat(" ", "seconds"),
        "service": line["service_name"],
        "severity": line["severity_text"],
        "message": (line["body"] or "")[:20_000],
    }
    return {name: value for name, value in facts.items() if value}


def _printed(text: str) -> str:
    return printable(" ".join(text.split()))[:_TEXT]
