"""OTLP over HTTP: ``POST /v1/logs``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from fame_sql.serve.access import check_sender
from fame_sql.serve.body import drain
from fame_sql.serve.delivery import BusyError, Delivery
from fame_sql.serve.delivery import Request as Identity
from fame_sql.serve.intake.otlp import Decoded, decode
from fame_sql.serve.intake.otlp_json import MalformedError, read_request
from fame_sql.serve.intake.web import WebIntake
from fame_sql.serve.refused import RefusedError, busy
from fame_sql.warehouse.warehouse import utc_now

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute


JSON, PROTOBUF = "application/json", "application/x-protobuf"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_POST_ALONE = {"Allow": "POST"}
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}
"""The codes of gRPC in the answers, by the status of HTTP."""


class OtlpIntake(WebIntake):
    """Takes log records in by OTLP.

    Parameters
    ----------
    writer : Writer
        Stores them.
    """

    path = "/v1/logs"

    def routes(self) -> Sequence[BaseRoute]:
        """Return its route, and one for what senders of OTLP send to wrong places."""
        from starlette.routing import Route

        return [*super().routes(), Route("/v1/{rest:path}", self._astray, methods=_METHODS)]

    async def _astray(self, request: Request) -> Response:
        """Refuse what is no log, in the form that senders of OTLP read."""
        if request.url.path.rstrip("/") != self.path:
            message = f"only logs are taken: send them to {self.path}, and no traces or metrics"
            refused = RefusedError(404, message)
        elif request.method == "POST":
            return await self._answer(request)
        else:
            refused = RefusedError(405, f"{request.method} is not taken: use POST", _POST_ALONE)
        await drain(request)
        return _refusal(refused, _media(request))

    async def _answer(self, request: Request) -> Response:
        media = _media(request)
        try:
            check_sender(request, self._server.tokens)
            if media not in (JSON, PROTOBUF):
                message = f"the content type is {media[:60]!r}: use {PROTOBUF} or {JSON}"
                raise RefusedError(415, message)
            warnings = await self._take(request, media)
        except RefusedError as refused:
            await drain(request)
            return _refusal(refused, media)
        return _answer(warnings, media)

    async def _take(self, request: Request, media: str) -> list[str]:
        """Store what a request holds, and return what its sender should know."""
        coding = request.headers.get("content-encoding", "").strip().lower()
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as held:
            body = await self._bodies.read(request, held)
            found, identity = await loop.run_in_executor(
                self._decoding, _decoded, body, media, coding
            )
        if len(found.rows):
            delivery = Delivery(found.rows, "otlp", identity if found.timed else None)
            try:
                self._writer.offer(delivery)
                await asyncio.wrap_future(delivery.stored)
            except BusyError as error:
                raise busy(str(error), error.seconds) from None
            except Exception as error:
                reason = str(error).splitlines()[0]
                raise RefusedError(400, f"the records cannot be stored: {reason}") from None
        return found.warnings


def _media(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _decoded(body: bytes, media: str, coding: str) -> tuple[Decoded, Identity]:
    """Return the records of a request and what it is recognised by."""
    received = utc_now()
    if media == JSON:
        try:
            request, warnings = read_request(body)
        except MalformedError as error:
            raise RefusedError(400, str(error)) from None
    else:
        request, warnings = _from_protobuf(body), []
    found = decode(request, received)
    found.warnings.extend(warnings)
    return found, Identity.of_content(media.encode(), coding.encode(), body)


def _from_protobuf(body: bytes) -> Any:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    try:
        return ExportLogsServiceRequest.FromString(body)
    except (DecodeError, UnicodeDecodeError):
        raise RefusedError(400, "the body is not an ExportLogsServiceRequest in protobuf") from None


def _answer(warnings: Sequence[str], media: str) -> Response:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
    from starlette.responses import Response

    message = "; ".join(warnings)
    if media == JSON:
        said = {"partialSuccess": {"errorMessage": message}} if message else {}
        return Response(json.dumps(said), media_type=JSON)
    answer = ExportLogsServiceResponse()
    if message:
        answer.partial_success.error_message = message
    return Response(answer.SerializeToString(), media_type=PROTOBUF)


def _refusal(refused: RefusedError, media: str) -> Response:
    """Return a ``google.rpc.Status``, in protobuf if the request was, else in JSON."""
    from starlette.responses import Response

    code = _CODES.get(refused.status, 2)
    if media == PROTOBUF:
        message = refused.message.encode()
        content = b"\x08" + _varint(code) + b"\x12" + _varint(len(message)) + message
        return Response(content, refused.status, dict(refused.headers), PROTOBUF)
    text = json.dumps({"code": code, "message": refused.message})
    return Response(text, refused.status, dict(refused.headers), JSON)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
