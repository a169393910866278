"""Templates of messages that people write: text with names of fields in braces.

A template names fields and nothing else: no attributes, calls, formats or conditions. So one that
was accepted when it was set cannot fail when a message is sent, and cannot read anything.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from fame_sql.errors import InputError
from fame_sql.operations.alerts.text import one_line

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

LONGEST = 4_000
EMPTY = "(none)"


def check_template(template: object, where: str) -> str:
    """Return a template, refused if it cannot be filled in.

    Raises
    ------
    InputError
        If it is no text, is too long, has a lone brace, or names anything but a field, or none.
    """
    if not isinstance(template, str) or not template.strip():
        raise InputError(f"{where}: a template is a text, such as '{{severity}}: {{summary}}'")
    if len(template) > LONGEST:
        raise InputError(f"{where}: a template has at most {LONGEST} characters")
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InputError(f"{where}: the template is invalid: {error}; write {{{{ for {{") from None
    for _, field, layout, conversion in parts:
        if field is not None and (field not in FIELDS or layout or conversion):
            shown = field + (f"!{conversion}" if conversion else "") + (f":{layout}" * bool(layout))
            raise InputError(
                f"{where}: the template names {{{shown}}}; it can name {', '.join(FIELDS)}"
            )
    if all(field is None for _, field, _, _ in parts):
        raise InputError(
            f"{where}: the template names no field: write {{summary}}, in single braces"
        )
    return template


def fill(template: str, values: Mapping[str, object]) -> str:
    """Return a template with its fields replaced; an empty value is written as ``(none)``."""
    texts = {name: one_line(str(values.get(name, "")), EMPTY) for name in FIELDS}
    return template.format_map(texts)
