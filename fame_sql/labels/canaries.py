"""Rows with a known answer in every request, by which a swayed answer is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from fame_sql.llm.answers import LabelAnswer
from fame_sql.llm.model import covers
from fame_sql.llm.prompts import Row

# No careful reader, and no rule of words, judges these otherwise.
_ANOMALOUS = (
    "disk failed: input/output error, data lost",
    "kernel panic: not syncing, fatal exception",
    "power supply failed, system not responding",
    "database corrupted: fatal error, write failed",
    "process killed: out of memory, fatal error",
    "write failed: input/output error",
)
_NORMAL = (
    "scheduled backup completed",
    "health check passed",
    "cache refreshed",
    "log file rotated",
    "worker started",
    "index built",
)


@dataclass(frozen=True)
class Batch:
    """The rows of a request: lines to judge, and rows with a known answer among them.

    Parameters
    ----------
    rows : list of dict
        In the order in which they are sent.
    line_ids : list of str
        The id of each line, in the order of the lines.
    known : dict
        The label of each row with a known answer, by its id.
    """

    rows: list[Row]
    line_ids: list[str]
    known: dict[str, str]

    @classmethod
    def of(cls, lines: Sequence[Row], *, of_many: bool = True) -> Batch:
        """Put two rows with a known answer among lines; their text and places follow from these.

        Parameters
        ----------
        lines : sequence of dict
            The rows to judge, without ids.
        of_many : bool
            False for lines that can only sway themselves: then nothing is put among them.
        """
        digest = hashlib.sha256(repr(list(lines)).encode("utf-8", "replace")).digest()
        placed: list[tuple[Row, str | None]] = [(line, None) for line in lines]
        added = (("anomalous", _ANOMALOUS, 0), ("normal", _NORMAL, 8)) if of_many else ()
        for label, texts, seed in added:
            place = int.from_bytes(digest[seed : seed + 4]) % (len(placed) + 1)
            text = texts[digest[seed + 4] % len(texts)]
            placed.insert(place, ({**_context(lines), "message": text}, label))
        rows: list[Row] = [{"id": f"l{n}", **row} for n, (row, _) in enumerate(placed, 1)]
        known = {f"l{n}": label for n, (_, label) in enumerate(placed, 1) if label is not None}
        ids = [f"l{n}" for n, (_, label) in enumerate(placed, 1) if label is None]
        return cls(rows, ids, known)

    def faults(self, answer: LabelAnswer) -> list[str]:
        """Return the faults of an answer that should judge each row once."""
        ids = [str(row["id"]) for row in self.rows]
        return covers((judgement.id for judgement in answer.judgements), ids)

    def is_swayed(self, answer: LabelAnswer) -> bool:
        """Return whether a row with a known answer was judged otherwise."""
        said = {judgement.id: judgement.label for judgement in answer.judgements}
        return any(said.get(row) != label for row, label in self.known.items())


def _context(lines: Sequence[Row]) -> Row:
    """Return the service of a line, so that the row does not stand out."""
    services = [line["service"] for line in lines if line.get("service")]
    return {"service": services[0]} if services else {}
