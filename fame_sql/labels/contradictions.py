"""Judgements that contradict what a line says of itself."""

from __future__ import annotations

import hashlib
import re

from fame_sql.labels.facts import Line

_HIGH = frozenset({"ERROR", "ERR", "FATAL", "CRITICAL", "CRIT", "ALERT", "EMERG", "EMERGENCY",
                   "SEVERE", "FAILURE", "PANIC"})  # fmt: skip
_FAILURE = re.compile(
    r"(?i)\b(?:error|fail(?:ed|ure|ing)?|fatal|panic|corrupt(?:ed|ion)?|lost|refused|timed? ?out|"
    r"crash(?:ed)?|not responding|unreachable|exception|abort(?:ed)?|dead|killed|denied)\b"
)


def contradicts(line: Line) -> bool:
    """Return whether a judgement contradicts what the line says of itself."""
    high = str(line.get("severity_text") or "").upper() in _HIGH
    words = _FAILURE.search(str(line["body"])) is not None
    return (high or words) != bool(line["is_anomaly"])


def shuffled(line: Line) -> str:
    """Return what orders lines in no order of theirs, and the same in each run."""
    return hashlib.sha256(str(line["body"]).encode("utf-8", "replace")).hexdigest()
