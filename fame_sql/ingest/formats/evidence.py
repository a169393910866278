"""What the first lines of a source say of its times and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from fame_sql.ingest.formats.hints import Hints
from fame_sql.ingest.records.cleaning import without_colours
from fame_sql.ingest.times import check_date, is_date

SAMPLE_LINES = 1000
"""Number of lines from which the format is detected."""

_MOST_COLUMNS = 4096
_CLOCK_ALONE = re.compile(r"(?:^|[^\w:T-]|\D )\d\d:\d\d:\d\d")
_DATE_IN_NAME = re.compile(r"(?:^|\D)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?:\D|$)")
_BETWEEN = re.compile(r'[,;\t|"]')
_DAY_OR_MONTH = re.compile(r"\W?(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d{2})[ ,T-]")


def keys_of(lines: Sequence[str]) -> set[str]:
    """Return the keys of lines that are JSON objects."""
    found: set[str] = set()
    for line in lines:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            found.update(document)
    return found


def fields_of(lines: Sequence[str]) -> list[str]:
    """Return what stands between the delimiters and quotes of objects and rows."""
    return [field for line in lines for field in _BETWEEN.split(line)]


def day_first(lines: Sequence[str]) -> bool | None:
    """Return whether dates of numbers have the day first; None if they do not say."""
    dates = [
        (int(found[1]), int(found[2])) for line in lines if (found := _DAY_OR_MONTH.match(line))
    ]
    day_first = any(first > 12 for first, _ in dates)
    month_first = any(second > 12 for _, second in dates)
    return None if day_first == month_first else day_first


def date_of(lines: Sequence[str], path: Path, hints: Hints) -> tuple[str | None, bool]:
    """Return the date of times without one, and whether the user has named it."""
    if hints.date is not None:
        return check_date(hints.date), True
    if not any(map(_CLOCK_ALONE.search, lines)):
        return None, False
    named = _DATE_IN_NAME.search(path.name)
    written = "-".join(named.groups()) if named else ""
    return (written if is_date(written) else None), False


def sample(head: bytes) -> list[str]:
    """Return the first lines of a source that are not blank."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = (without_colours(line[:_MOST_COLUMNS]) for line in text.split("\n") if line.strip())
    return [line for line, _ in zip(lines, range(SAMPLE_LINES), strict=False)]
