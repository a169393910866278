"""Lines by HTTP: ``POST /ingest`` with text or JSON, as ``curl`` sends a file."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.errors import FameError, InputError
from fame_sql.ingest import Hints, Reading
from fame_sql.ingest.posted import SentLines
from fame_sql.serve.access import check_sender
from fame_sql.serve.body import drain
from fame_sql.serve.delivery import ROWS, BusyError, Delivery, OtherContentError, Receipt
from fame_sql.serve.delivery import Request as Identity
from fame_sql.serve.intake.web import WebIntake
from fame_sql.serve.refused import RefusedError, busy
from fame_sql.warehouse.warehouse import utc_now

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from fame_sql.serve.writer import Writer

SOURCE = "http"
"""The source of lines whose sender names none."""

_JSON_LINES = {"application/x-ndjson", "application/ndjson", "application/jsonl"}
_JSON = {"application/json"}
_TEXT = {"text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ""}
_ASKED = ("format", "source", "service", "host", "timezone", "year")
_MOST_KEY = 255
_EXAMPLES = 3


class LinesIntake(WebIntake):
    """Takes lines in by HTTP.

    Parameters
    ----------
    writer : Writer
        Stores them.
    """

    path = "/ingest"

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        self._readers = threading.local()

    async def _answer(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        try:
            check_sender(request, self._server.tokens)
            return JSONResponse(await self._take(request))
        except RefusedError as refused:
            await drain(request)
            return JSONResponse({"error": refused.message}, refused.status, refused.headers)

    async def _take(self, request: Request) -> dict[str, Any]:
        """Store the lines of a request, and return what its sender is told."""
        reading, key = self._settings(request), _key(request)
        async with AsyncExitStack() as held:
            body = await self._bodies.read(request, held)
            loop = asyncio.get_running_loop()
            by_line = _media(request) in _JSON_LINES
            rows = await loop.run_in_executor(self._decoding, self._read, body, reading, by_line)
            identity = None if key is None else Identity.of_key(key, body)
        if not len(rows):
            return _told(Receipt(0, 0), rows)
        delivery = Delivery(rows, "http", identity)
        try:
            self._writer.offer(delivery)
            return _told(await asyncio.wrap_future(delivery.stored), rows)
        except BusyError as error:
            raise busy(str(error), error.seconds) from None
        except OtherContentError:
            message = "this Idempotency-Key came with other content before: use a new key"
            raise RefusedError(422, message) from None
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise RefusedError(400, f"the lines cannot be stored: {reason}") from None

    def _settings(self, request: Request) -> Reading:
        """Return how the lines of a request are read."""
        given = request.query_params
        if unknown := sorted(set(given) - set(_ASKED)):
            raise RefusedError(
                400, f"unknown parameter {unknown[0][:60]!r}: use {', '.join(_ASKED)}"
            )
        media = _media(request)
        if media not in _JSON_LINES | _JSON | _TEXT:
            message = f"the content type is {media[:60]!r}: use text/plain or application/x-ndjson"
            raise RefusedError(415, message)
        zone = given.get("timezone", self._server.settings.timezone)
        hints = Hints(timezone=zone, service=given.get("service"), host=given.get("host"))
        return Reading(
            format=given.get("format", "auto" if media in _TEXT else "jsonl"),
            encoding="utf-8",
            year=_year(given.get("year")),
            source=given.get("source", SOURCE) or SOURCE,
            hints=hints,
        )

    def _read(self, body: bytes, reading: Reading, by_line: bool) -> pa.Table:
        """Return the rows of a body, on a connection of the thread's own."""
        if not hasattr(self._readers, "lines"):
            self._readers.lines = SentLines(self._server.cursor().connection)
        lines: SentLines = self._readers.lines
        name, now = reading.source or SOURCE, utc_now()
        try:
            rows = lines.of_content(body, name, reading, now, by_line=by_line)
        except InputError as error:
            if reading.format != "jsonl":
                raise RefusedError(400, str(error)) from None
            rows = self._read(body, replace(reading, format="auto"), by_line)
        except FameError as error:
            raise RefusedError(400, str(error)) from None
        return rows.select(ROWS.names).cast(ROWS) if len(rows) else rows


def _told(receipt: Receipt, rows: pa.Table) -> dict[str, Any]:
    told: dict[str, Any] = {"records": receipt.records, "errors": receipt.errors}
    if receipt.repeated:
        told["repeated"] = True
    elif receipt.errors:
        wrong = rows.filter(pc.is_valid(rows["parse_error"])).slice(0, _EXAMPLES)
        told["examples"] = [
            {"line": line, "error": error}
            for line, error in zip(
                wrong["line_number"].to_pylist(), wrong["parse_error"].to_pylist(), strict=True
            )
        ]
    return told


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= _MOST_KEY:
        raise RefusedError(400, f"an Idempotency-Key has from 1 to {_MOST_KEY} characters")
    return key


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) == 4):
        raise RefusedError(400, f"the year is {text[:20]!r}: use one such as 2024")
    return int(text)
