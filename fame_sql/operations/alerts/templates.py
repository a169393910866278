"""Templates of messages that people write: text with names of fields in braces.

A template names fields and nothing else: no attributes, calls, formats or conditions. So one that
was accepted when it was set cannot read anything, and fails when a message is sent only if another
version accepted it, or if nobody checked it because it was written into the table by hand. Then the
built-in text is sent.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.alerts.text import cut, one_line

FIELDS = (
    "what",
    "severity",
    "service",
    "domain",
    "summary",
    "lines",
    "lines_to_read",
    "first_seen",
    "last_seen",
    "templates",
    "example",
    "known",
    "incident",
    "fingerprint",
)
"""What a template can name."""

NAMES = ("subject", "template")
"""The options of channels that are templates."""

LONGEST = 4_000
LONGEST_FILLED = 8_000
EMPTY = "(none)"


def fault(template: str) -> str:
    """Return what keeps a template from being filled in; empty if nothing does."""
    if not template.strip():
        return "the template is empty"
    if len(template) > LONGEST:
        return f"the template has more than {LONGEST} characters"
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        return f"the template is invalid: {error}; write {{{{ for {{"
    for _, field, layout, conversion in parts:
        if field is not None and (field not in FIELDS or layout or conversion):
            shown = field + (f"!{conversion}" if conversion else "") + (f":{layout}" * bool(layout))
            return f"the template names {{{shown}}}"
    if all(field is None for _, field, _, _ in parts):
        return "the template names no field: write {summary}, in single braces"
    return ""


def check_template(template: str, where: str) -> None:
    """Refuse a template that cannot be filled in.

    Raises
    ------
    InputError
        If it is too long, has a lone brace, or names anything but a field, or none.
    """
    if wrong := fault(template):
        names = f"; it can name {', '.join(FIELDS)}" * wrong.startswith("the template names {")
        raise InputError(f"{where}: {wrong}{names}")


def failed(options: Mapping[str, Any]) -> str:
    """Return which templates of a channel fail, and why; empty if none does."""
    faults = {name: fault(options[name]) for name in NAMES if name in options}
    said = [f"{name}: {cut(one_line(wrong), 120)}" for name, wrong in faults.items() if wrong]
    return f"template failed, so this is the built-in text: {'; '.join(said)}" if said else ""


def fill(template: str, values: Mapping[str, object]) -> str | None:
    """Return a template with its fields replaced, or None if it cannot be filled in.

    An empty value is written as ``(none)``.
    """
    if fault(template):
        return None
    texts = {name: one_line(str(values.get(name, "")), EMPTY) for name in FIELDS}
    return cut(template.format_map(texts), LONGEST_FILLED)
