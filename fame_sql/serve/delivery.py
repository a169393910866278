"""What is to be stored together: the records of a request, or some messages of syslog."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

ROWS = pa.schema(
    [
        pa.field("timestamp", pa.timestamp("us")),
        pa.field("observed_timestamp", pa.timestamp("us")),
        pa.field("severity_text", pa.string()),
        pa.field("severity_number", pa.uint8()),
        pa.field("service_name", pa.string()),
        pa.field("host_name", pa.string()),
        pa.field("body", pa.string()),
        pa.field("trace_id", pa.string()),
        pa.field("span_id", pa.string()),
        pa.field("resource_attributes", pa.string()),
        pa.field("attributes", pa.string()),
        pa.field("source_path", pa.string()),
        pa.field("line_number", pa.int64()),
        pa.field("byte_offset", pa.int64()),
        pa.field("line_count", pa.int32()),
        pa.field("parser", pa.string()),
        pa.field("parse_error", pa.string()),
        pa.field("label", pa.string()),
    ]
)
"""The columns of ``fame.logs`` that a record brings with it."""


class BusyError(Exception):
    """The queue is full, or the warehouse cannot be written now: the sender should try again.

    Parameters
    ----------
    reason : str
        Why.
    seconds : int
        When to try again.
    """

    def __init__(self, reason: str, seconds: int = 1) -> None:
        super().__init__(reason)
        self.seconds = seconds


class OtherContentError(Exception):
    """A key was given before with other content."""


@dataclass(frozen=True)
class Receipt:
    """What has been stored of a delivery.

    Parameters
    ----------
    records, errors : int
        The records, and how many of them have a ``parse_error``.
    repeated : bool
        Whether they had been stored before.
    """

    records: int
    errors: int
    repeated: bool = False


@dataclass(frozen=True)
class Request:
    """What a request is recognised by when it is sent again.

    Parameters
    ----------
    name : str
        A hash of the key that the sender gave, or of the bytes.
    content : str
        A hash of the bytes.
    """

    name: str
    content: str

    @classmethod
    def of_content(cls, *parts: bytes) -> Request:
        """Return what a request is recognised by that has nothing but its bytes."""
        digest = _digest(parts)
        return cls(digest, digest)

    @classmethod
    def of_key(cls, key: str, content: bytes) -> Request:
        """Return what a request is recognised by that has a key."""
        return cls(_digest([b"key", key.encode("utf-8", "surrogateescape")]), _digest([content]))


def _running() -> Future[Receipt]:
    """Return a future that a request which is given up does not cancel under the writer's hands."""
    found: Future[Receipt] = Future()
    found.set_running_or_notify_cancel()
    return found


@dataclass(eq=False)
class Delivery:
    """Records that are stored together or not at all.

    Parameters
    ----------
    rows : pyarrow.Table
        The records, in :data:`ROWS`.
    intake : str
        How they came: ``otlp``, ``http`` or ``syslog``.
    request : Request, optional
        What it is recognised by when it is sent again.
    """

    rows: pa.Table
    intake: str
    request: Request | None = None
    arrived: float = field(default_factory=time.monotonic)
    stored: Future[Receipt] = field(default_factory=_running)

    @property
    def records(self) -> int:
        """The number of its records."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return int(self.rows.nbytes)

    @property
    def source(self) -> str:
        """The name of its source."""
        return str(self.rows["source_path"][0].as_py())

    def receipt(self) -> Receipt:
        """Return the receipt for all of its records."""
        errors = pc.sum(pc.is_valid(self.rows["parse_error"])).as_py() or 0
        return Receipt(self.records, int(errors))


def _digest(parts: tuple[bytes, ...] | list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
