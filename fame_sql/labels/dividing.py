"""How the lines of a request are divided when its answer is cut off or refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from fame_sql.labels.facts import Line

# What filters of content take offence at, in logs as elsewhere.
_OFFENSIVE = re.compile(
    r"(?i)\b(?:kill\w*|attack\w*|exploit\w*|inject\w*|hack\w*|malware|virus|trojan|weapon\w*|bomb\w*|"
    r"child\w*|orphan\w*|slave\w*|suicid\w*|murder\w*|abus\w*|sex\w*|porn\w*|nud\w*|drug\w*|terror\w*|"
    r"password\w*|passwd|shell|reverse|payload|select|union|drop|script|eval|base64)\b|<script|\.\./"
)


def parts(lines: Sequence[Line], size: int) -> list[list[Line]]:
    """Return lines in parts of about the same length, none above ``size``."""
    count = -(-len(lines) // max(size, 1))
    bounds = [len(lines) * n // max(count, 1) for n in range(count + 1)]
    return [list(lines[a:b]) for a, b in pairwise(bounds)]


def by_offence(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Return calm lines, and those at which a filter of content may have taken offence.

    Without such lines, or with more than half of them, the halves are returned, the more
    offensive one last.
    """
    ranked = sorted(lines, key=lambda line: len(_OFFENSIVE.findall(str(line["body"]))))
    odd = sum(_OFFENSIVE.search(str(line["body"])) is not None for line in ranked)
    half = len(ranked) // 2
    cut = len(ranked) - (odd if 0 < odd <= half else len(ranked) - half)
    return ranked[:cut], ranked[cut:]
