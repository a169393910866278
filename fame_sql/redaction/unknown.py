"""What masks cannot know: passwords and names in sentences of their own, numbers of devices."""

from __future__ import annotations

import re

from fame_sql.redaction.words import is_state

_SECRET = re.compile(
    r"(?i)\b(?:passw(?:or)?d|passphrase|passcode|secret|credentials?|pin code|api key|"
    r"security answer)\b"
    r"((?:[ ,:;'\"]{1,3}[\w'@#$%^&*!.-]{1,40}){1,6})"
)
_ODD = re.compile(r"[A-Za-z]+[0-9!@#$%^&*]+[\w!@#$%^&*]*|[0-9]+[A-Za-z]+\w*")
# Serial numbers, and names with a number at the place of a machine or a device.
_DEVICE = re.compile(
    r"(?i)\b(?:serial(?: ?(?:no|number))?|s/n|asset(?: ?tag)?|vin|badge)[ .:#=]{1,3}"
    r"(?=[A-Z-]{0,20}[0-9])[A-Z0-9-]{6,24}\b"
    r"|\b(?:on|at|from|to|via|instance|device|member|reach) [\"']?"
    r"[a-z]{2,20}(?:-[a-z]{1,20}){0,3}-[a-z]{0,3}[0-9]{1,4}\b(?![\"']?[\w.:/-])"
)
_NUMBER = re.compile(
    r"(?i)(?:\bnumber|\bno|\bnr|\w:) [\"']?(?!1[5-9][0-9]{8}(?:[0-9]{3})?\b)[0-9]{9,13}\b"
)
_PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme)\.? [A-Z][a-z]+"
    r"|(?i:\b(?:by|for|from|customer|patient|employee|contact|name|caller|client|owner|sincerely|"
    r"regards|attn|signed|dear))[ :,]{1,2}[A-Z][a-z]{1,20} [A-Z][a-z]{1,20}\b"
)


def looks_unmasked(text: str) -> bool:
    """Return whether a masked text looks as if a password, a name or a number were left in it.

    A guess for the reader of a dry run: it misses some, and some that it counts are harmless.
    """
    if any(p.search(text) is not None for p in (_PERSON, _DEVICE, _NUMBER)):
        return True
    return any(
        not is_state(word)
        for match in _SECRET.finditer(text)
        for word in _ODD.findall(match.group(1))
    )
