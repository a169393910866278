"""Rows with a known answer in every request, by which a swayed answer is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from fame_sql.llm.answers import Judgement, LabelAnswer, items_of
from fame_sql.llm.prompts import Row
from fame_sql.llm.rows import covers

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
    def of(cls, lines: Sequence[Row], probe: int = 0) -> Batch:
        """Put two rows with a known answer among lines; their text and places follow from these.

        Parameters
        ----------
        lines : sequence of dict
            The rows to judge, without ids.
        probe : int
            Number of this request among those that hold no lines.
        """
        seeded = repr([*lines, probe] if probe else list(lines))
        digest = hashlib.sha256(seeded.encode("utf-8", "replace")).digest()
        placed: list[tuple[Row, str | None]] = [(line, None) for line in lines]
        added = (("anomalous", _ANOMALOUS, 0), ("normal", _NORMAL, 8))
        for label, texts, seed in added:
            place = int.from_bytes(digest[seed : seed + 4]) % (len(placed) + 1)
            text = texts[digest[seed + 4] % len(texts)]
            placed.insert(place, (_among(lines, text), label))
        rows: list[Row] = [{"id": f"l{n}", **row} for n, (row, _) in enumerate(placed, 1)]
        known = {f"l{n}": label for n, (_, label) in enumerate(placed, 1) if label is not None}
        ids = [f"l{n}" for n, (_, label) in enumerate(placed, 1) if label is None]
        return cls(rows, ids, known)

    def faults(self, answer: LabelAnswer) -> list[str]:
        """Return the faults of an answer that should judge each row once."""
        ids = [str(row["id"]) for row in self.rows]
        return covers((judgement.id for judgement in answer.judgements), ids)

    def salvaged(self, content: str) -> LabelAnswer | None:
        """Return what is good in an answer that is wrong in part, or None if that is too little.

        Rows that it names twice and rows that it invents are left out. The rows with a known
        answer must be among the others, and at least half of the lines.
        """
        said: dict[str, list[Judgement]] = {}
        for judgement in items_of(Judgement, content):
            said.setdefault(judgement.id, []).append(judgement)
        once = {i: found[0] for i, found in said.items() if all(j == found[0] for j in found)}
        kept = [i for i in self.line_ids if i in once]
        if not kept or 2 * len(kept) < len(self.line_ids) or not self.known.keys() <= once.keys():
            return None
        return LabelAnswer(judgements=[once[i] for i in (*kept, *self.known)])

    def is_swayed(self, answer: LabelAnswer) -> bool:
        """Return whether a row with a known answer was judged otherwise."""
        said = {judgement.id: judgement.label for judgement in answer.judgements}
        return any(said.get(row) != label for row, label in self.known.items())


def _among(lines: Sequence[Row], text: str) -> Row:
    """Return a row with a text, in the form of the rows around it."""
    context = _context(lines)
    order = ("service", "message", "lines", "first_seen", "last_seen", "before", "after")
    return {
        name: {**context, "message": text}[name]
        for name in order
        if name in context or name == "message"
    }


def _context(lines: Sequence[Row]) -> Row:
    """Return the facts of a line and calm neighbours, so that the row does not stand out."""
    services = [line["service"] for line in lines if line.get("service")]
    like = next((line for line in lines if line.get("lines")), {})
    facts = {name: like[name] for name in ("lines", "first_seen", "last_seen") if name in like}
    beside = {
        name: [_NORMAL[n] for n in places]
        for name, places in (("before", (1, 2)), ("after", (4, 5)))
        if any(line.get(name) for line in lines)
    }
    return {**({"service": services[0]} if services else {}), **facts, **beside}
