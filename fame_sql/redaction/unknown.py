"""What masks cannot know: passwords and names of people in sentences of their own."""

from __future__ import annotations

import re

from fame_sql.redaction.words import is_state

_SECRET = re.compile(
    r"(?i)\b(?:passw(?:or)?d|passphrase|passcode|secret|credentials?|pin code|api key|"
    r"security answer)\b"
    r"((?:[ ,:;'\"]{1,3}[\w'@#$%^&*!.-]{1,40}){1,6})"
)
_ODD = re.compile(r"[A-Za-z]+[0-9!@#$%^&*]+[\w!@#$%^&*]*|[0-9]+[A-Za-z]+\w*")
_PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme)\.? [A-Z][a-z]+"
    r"|(?i:\b(?:by|for|from|customer|patient|employee|contact|name|caller|client|owner|sincerely|"
    r"regards|attn|signed|dear))[ :,]{1,2}[A-Z][a-z]{1,20} [A-Z][a-z]{1,20}\b"
)


def looks_unmasked(text: str) -> bool:
    """Return whether a masked text looks as if a password or a person's name were left in it.

    A guess for the reader of a dry run: it misses some, and some that it counts are harmless.
    """
    if _PERSON.search(text) is not None:
        return True
    return any(
        not is_state(word)
        for match in _SECRET.finditer(text)
        for word in _ODD.findall(match.group(1))
    )
