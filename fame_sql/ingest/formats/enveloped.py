"""Lines of a format inside records of another: containers, shippers, relays and exports."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.documents import merged_keys
from fame_sql.ingest.formats.hints import Hints
from fame_sql.ingest.formats.layout import DATED, Layout
from fame_sql.ingest.formats.library import ANYTHING
from fame_sql.ingest.records.framing import SPLITTERS
from fame_sql.ingest.records.record import Line
from fame_sql.ingest.records.shipped import LEVEL, RELAYED

_FEW, _SOME, _MOST = 0.2, 0.5, 0.8
_DATED = re.compile(DATED)


def plain_formats(formats: Mapping[str, Format]) -> dict[str, Format]:
    """Return the formats that are no envelopes."""
    return {name: known for name, known in formats.items() if not known.envelope}


def relaying(found: Layout, lines: Sequence[str]) -> Layout | None:
    """Return the envelope of lines of syslog whose messages are lines of a log, if a fifth is."""
    if sum(map(bool, map(RELAYED.fullmatch, lines))) < _FEW * len(lines):
        return None
    return replace(found, splits="relayed")


def shipping(found: Layout, hints: Hints) -> Layout | None:
    """Return the envelope of objects whose messages may be lines of a log, if they may."""
    known = found.format
    if not known.keys or known.records not in ("json", "csv"):
        return None
    if hints.level_key is not None or hints.label_key is not None:
        return None
    keys = merged_keys(known.keys, hints.keys)
    return replace(found, envelope=known, splits="shipped", outer_keys=keys)


def lines_in(outside: Layout, lines: Sequence[str]) -> list[str]:
    """Return the lines in an envelope; none if its records have levels of their own."""
    numbered = [Line(line, number, 0, None) for number, line in enumerate(lines, 1)]
    splits = outside.splits if outside.splits in ("shipped", "relayed") else outside.format.records
    records = [*SPLITTERS[splits](numbered, outside.settings)]
    if splits == "shipped":
        said = [record.outer for record in records if record.outer is not None]
        if 2 * sum(f'"{LEVEL}"' in one for one in said) >= len(said):
            return []
    return [record.text for record in records if record.text.strip()]


def is_line_of(held: Layout, lines: Sequence[str]) -> bool:
    """Return whether messages are lines of a log: in a known format, or with a time first."""
    if held.format.name == ANYTHING:
        fitting = sum(map(bool, map(_DATED.match, lines)))
        return fitting >= _MOST * len(lines)
    fitting = sum(map(bool, map(held.format.matches.match, lines)))
    return held.format.mixes and fitting >= _SOME * len(lines)


def enveloped(outside: Layout, inside: Layout, anything: Format) -> Layout:
    """Return the layout of lines in an envelope."""
    others = inside.others
    if outside.splits == "shipped" and outside.format.records == "json":
        # An object without a text as its message.
        others = (*others, outside.format)
    if inside.format.name != ANYTHING and all(one.name != ANYTHING for one in others):
        # A container may say anything beside what its program logs.
        others = (*others, replace(anything, detect="(?s:.)"))
    own = outside.splits in ("shipped", "relayed")
    return replace(
        inside,
        envelope=outside.format,
        others=others,
        choices=replace(
            inside.choices,
            framed=False,
            columns=outside.choices.columns,
            delimiter=outside.choices.delimiter,
        ),
        splits=outside.splits if own else outside.format.records,
        outer_keys=outside.outer_keys,
        continuation="none" if own else "traces",
        reason=f"{outside.reason}, and {inside.reason} inside",
    )
