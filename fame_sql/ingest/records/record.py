"""A line of a source, and a record that lines hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Line(NamedTuple):
    """A line as the reader gives it.

    Parameters
    ----------
    text : str
        Its text.
    line_number, byte_offset : int
        Where it lies.
    fault : str or None
        What was wrong with its bytes.
    """

    text: str
    line_number: int
    byte_offset: int
    fault: str | None


@dataclass(frozen=True)
class Record:
    """A record.

    Parameters
    ----------
    text : str
        Its text in the source.
    line_number, byte_offset : int
        Where it begins.
    line_count : int
        The number of its lines.
    fault : str or None
        What was wrong with its bytes.
    document : str or None
        The record as a JSON object, if it is an object.
    outer_time, outer : str or None
        The time and, as a JSON object, the attributes that an envelope gives it.
    """

    text: str
    line_number: int
    byte_offset: int
    line_count: int = 1
    fault: str | None = None
    document: str | None = None
    outer_time: str | None = None
    outer: str | None = None

    @classmethod
    def of_line(cls, line: Line, document: str | None = None) -> Record:
        """Return a line as a record."""
        return cls(line.text, line.line_number, line.byte_offset, 1, line.fault, document)

    @classmethod
    def of_lines(cls, lines: list[Line], document: str | None = None) -> Record:
        """Return several lines as one record."""
        first = lines[0]
        return cls(
            text="\n".join(line.text for line in lines),
            line_number=first.line_number,
            byte_offset=first.byte_offset,
            line_count=lines[-1].line_number - first.line_number + 1,
            fault=next((line.fault for line in lines if line.fault), None),
            document=document,
        )
