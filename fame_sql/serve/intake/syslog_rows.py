"""Messages of syslog as rows of ``fame.logs``, by the formats that files have.

A message without a priority that can be read, from 0 to 191, is its text as it came. All others are
of RFC 5424, of Cisco, of RFC 3164, or what is said after the priority. Without a time of its own a
message has the time at which it came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.ingest.formats import FORMATS, Format, Layout
from fame_sql.ingest.lines import SCHEMA
from fame_sql.ingest.posted import SentLines
from fame_sql.ingest.times import TimeChoices
from fame_sql.serve.delivery import ROWS
from fame_sql.serve.intake.framing import Message

_PRIORITY = re.compile(rb"<(\d{1,3})>")
_HIGHEST = 191
_COUNTED = re.compile(rb"\d{1,6} (?=<\d{1,3}>)")
_AROUND = b" \t\r\n\0"
_BARE = Format(
    name="syslog",
    description="What is said after a priority",
    expected="<priority>message",
    pattern=r"^<(?P<priority>\d{1,3})>(?P<body>(?s:.*))$",
    detect="(?s:.)",
)


class Arrived(NamedTuple):
    """A message and when it came.

    Parameters
    ----------
    message : Message
        The message.
    moment : datetime
        When it came, in UTC without a zone.
    """

    message: Message
    moment: datetime


def datagram(data: bytes) -> Message | None:
    """Return the message in a datagram, which is one, None if it is blank."""
    text = data.strip(_AROUND) if not data.strip(_AROUND) else data.rstrip(_AROUND)
    return Message(_COUNTED.sub(b"", text, count=1)) if text else None


class SyslogRows:
    """Makes rows of messages.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse of its own; its temporary tables are replaced.
    timezone : str or None
        The zone of times without one.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, timezone: str | None) -> None:
        self._lines = SentLines(connection)
        self._layout = Layout(
            FORMATS["rfc5424"],
            others=(FORMATS["cisco"], FORMATS["syslog"], _BARE),
            times=TimeChoices(timezone),
            continuation="none",
        )

    def of(self, arrived: Sequence[Arrived], source: str) -> pa.Table:
        """Return the rows of messages, in their order.

        Parameters
        ----------
        arrived : sequence of Arrived
            The messages.
        source : str
            The name of their source.
        """
        texts = [_text(each.message) for each in arrived]
        known = [_priority(each.message.data) for each in arrived]
        lines = _lines(texts, known)
        parsed = self._lines.of_messages(lines, source, self._layout, arrived[-1].moment)
        bare = _bare(texts, known, source)
        rows = (
            pa.concat_tables([parsed.select(ROWS.names).cast(ROWS), bare]) if len(parsed) else bare
        )
        rows = rows.sort_by("line_number")
        moments = pa.array([each.moment for each in arrived], pa.timestamp("us"))
        timed = pc.coalesce(rows["timestamp"], moments)
        return rows.set_column(0, ROWS.field(0), timed).set_column(1, ROWS.field(1), moments)


def _text(message: Message) -> tuple[str, str | None]:
    """Return the text of a message and what is wrong with it."""
    data = message.data
    try:
        text, fault = data.decode(), message.fault
    except UnicodeDecodeError as error:
        # What was cut may end within a character.
        cut = message.fault is not None and error.end == len(data)
        text = data[: error.start].decode() if cut else data.decode("utf-8", "replace")
        fault = message.fault or f"invalid UTF-8 at byte {error.start + 1} of the message"
    return text.replace("\0", "\ufffd"), fault


def _priority(data: bytes) -> int | None:
    """Return where a message goes on after its priority; None without one that can be read."""
    found = _PRIORITY.match(data)
    return None if found is None or int(found[1]) > _HIGHEST else found.end()


def _lines(texts: Sequence[tuple[str, str | None]], known: Sequence[int | None]) -> pa.Table:
    """Return the messages with a priority as lines; a blank after it is none of theirs."""
    numbered = [
        (text[:after] + text[after:].lstrip(" \t"), number, 0, fault)
        for number, ((text, fault), after) in enumerate(zip(texts, known, strict=True), 1)
        if after is not None
    ]
    arrays = [
        pa.array([row[place] for row in numbered], each.type) for place, each in enumerate(SCHEMA)
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _bare(
    texts: Sequence[tuple[str, str | None]], known: Sequence[int | None], source: str
) -> pa.Table:
    """Return the rows of messages that are their text."""
    found = [
        {
            "body": text,
            "source_path": source,
            "line_number": number,
            "byte_offset": 0,
            "line_count": text.count("\n") + 1,
            "parser": "syslog",
            "parse_error": fault or "expected: <priority> from <0> to <191>",
        }
        for number, ((text, fault), after) in enumerate(zip(texts, known, strict=True), 1)
        if after is None
    ]
    return pa.Table.from_pylist(found, schema=ROWS)
