"""Which words of a file of syslog are hosts, where its lines name no program."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADED = re.compile(
    r"(?:<\d{1,3}>)?(?:\w{3}\.? {1,2}\d{1,2} (?:\d{4} )?[\d:.]{8,15}|\d{4}-\d\d-\d\dT\S+) {1,2}"
    r"(\S+)(?: (\S+:|\S+\[\d+\]\S*)(?: |$))?"
)
_WORD = re.compile(r"[A-Za-z]+")
_ENOUGH, _MOST = 3, 100


def hosts_of(lines: Sequence[str]) -> tuple[str, ...] | None:
    """Return the words that are hosts in syslog, or None if nothing speaks against any word.

    A word is a host if a program follows it in some line. Where no line has a program, one word
    that all lines have is a host, and words that vary are the beginning of messages.
    """
    found = [match.groups() for line in lines if (match := _HEADED.match(line))]
    with_program = {host for host, program in found if program is not None}
    alone = {host for host, program in found if program is None and _WORD.fullmatch(host)}
    if not alone - with_program:
        return None
    if with_program:
        return tuple(sorted(filter(_WORD.fullmatch, with_program)))[:_MOST]
    return None if len(alone) == 1 or len(found) < _ENOUGH else ()
