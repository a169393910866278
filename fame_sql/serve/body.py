"""The body of a request: decompressed as it comes, within a limit."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from fame_sql.serve.refused import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

SMALL = 2 << 20
"""A body beyond this many bytes waits for its turn, so that memory stays bounded."""
LARGE_AT_ONCE = 2
_GZIP = {"gzip", "x-gzip"}
_STEP = 1 << 18
_READ_SECONDS = 60.0
_DRAIN_SECONDS = 5.0
_DRAINED = 512 << 20
_WRAPPED_IN_GZIP = 31


class Bodies:
    """Reads bodies, of which few large ones at once.

    Parameters
    ----------
    most : int
        The most bytes of a body, after decompression.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def read(self, request: Request, held: AsyncExitStack) -> bytes:
        """Return the body of a request.

        Parameters
        ----------
        request : starlette.requests.Request
            The request.
        held : AsyncExitStack
            Closed once the body is no longer needed.

        Raises
        ------
        RefusedError
            If it is too large, cannot be decompressed, or does not come.
        """
        from starlette.requests import ClientDisconnect

        is_packed = _is_gzip(request.headers.get("content-encoding", ""))
        declared = request.headers.get("content-length", "")
        if not is_packed and declared.isdecimal() and int(declared) > self._most:
            raise self._too_large()
        stream = request.stream()
        blocks = _unpacked(stream) if is_packed else stream
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return await self._gather(blocks, held)
        except ClientDisconnect:
            raise RefusedError(400, "the sender went away") from None
        except TimeoutError:
            raise RefusedError(408, f"the body did not come within {_READ_SECONDS:.0f} s") from None

    async def _gather(self, blocks: AsyncIterator[bytes], held: AsyncExitStack) -> bytes:
        found = bytearray()
        is_large = False
        async for block in blocks:
            found += block
            if len(found) > self._most:
                raise self._too_large()
            if len(found) > SMALL and not is_large:
                is_large = True
                await held.enter_async_context(self._large)
        return bytes(found)

    def _too_large(self) -> RefusedError:
        message = f"the body has more than {self._most} bytes: send smaller batches"
        return RefusedError(413, message, {"Connection": "close"})


async def drain(request: Request) -> None:
    """Read the rest of a body that is refused, within limits.

    Many senders read an answer only after they have sent everything, and one that is closed before
    is sent again.
    """
    from starlette.requests import ClientDisconnect

    left = _DRAINED
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for block in request.stream():
                left -= len(block)
                if left < 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):
        # Gone, too slow, or read to its end already.
        return


def _is_gzip(header: str) -> bool:
    """Return whether a body is compressed; a coding that is not known is refused."""
    codings = [coding for each in header.split(",") if (coding := each.strip().lower())]
    codings = [coding for coding in codings if coding != "identity"]
    if not codings:
        return False
    if len(codings) == 1 and codings[0] in _GZIP:
        return True
    raise RefusedError(
        415,
        f"the content encoding {header[:60]!r} is not supported: use gzip or none",
        {"Accept-Encoding": "gzip"},
    )


async def _unpacked(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what gzip holds, in small pieces; it must be whole, and nothing may follow."""
    unpacker = zlib.decompressobj(_WRAPPED_IN_GZIP)
    try:
        async for block in stream:
            rest = block
            while True:
                if unpacker.eof:
                    if not rest:
                        break
                    # Several parts one after the other are one whole.
                    unpacker = zlib.decompressobj(_WRAPPED_IN_GZIP)
                piece = unpacker.decompress(rest, _STEP)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if piece:
                    yield piece
                    await asyncio.sleep(0)
                if not rest and len(piece) < _STEP:
                    break
    except zlib.error as error:
        raise RefusedError(400, f"the body is not gzip: {error}") from None
    if not unpacker.eof:
        raise RefusedError(400, "the body is not gzip, or was cut")
