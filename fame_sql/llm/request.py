"""A request to a language model, and its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from fame_sql.llm.prices import estimate_tokens, most_tokens

Message = dict[str, str]


@dataclass(frozen=True)
class Request:
    """A request as it is sent.

    Parameters
    ----------
    stage : str
        ``"label"``, ``"partition"``, ``"merge"``, ``"repair"`` or ``"place"``, for the bill.
    model : str
        The model's name at its endpoint.
    messages : tuple of dict
        Role and content of each message, redacted.
    schema : dict
        The JSON schema that the answer must have.
    parameters : dict
        The user's settings: temperature, seed.
    expected : int
        Estimated number of tokens of the answer.
    redactions : dict
        Number of masked pieces of text by kind.
    settings : dict
        Defaults of fame-sql where the user set nothing; not part of the hash, and left out for
        an endpoint that refuses them.
    max_tokens : int
        Limit of the answer; not part of the hash, because it does not change what is asked.
    """

    stage: str
    model: str
    messages: tuple[Message, ...]
    schema: dict[str, Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    expected: int = 0
    redactions: dict[str, int] = field(default_factory=dict, compare=False)
    settings: dict[str, Any] = field(default_factory=dict, compare=False)
    max_tokens: int = field(default=0, compare=False)

    def canonical(self) -> dict[str, Any]:
        """Return the content that is hashed: everything that influences the answer.

        The endpoint is not included, so that a ledger is valid wherever the model is served.
        """
        return {
            "model": self.model,
            "messages": list(self.messages),
            "schema": self.schema,
            "parameters": self.parameters,
        }

    @property
    def request_hash(self) -> str:
        """``sha256-`` and the hash of the request's canonical JSON."""
        return hash_of(self.canonical())

    @property
    def tokens(self) -> int:
        """Estimated number of tokens that are sent."""
        return estimate_tokens(self._sent)

    @property
    def most_tokens(self) -> int:
        """Number of tokens that are sent in the worst case."""
        return most_tokens(self._sent)

    @property
    def _sent(self) -> str:
        return canonical_json([list(self.messages), self.schema])


def canonical_json(value: object) -> str:
    """Return JSON that is equal for equal values: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hash_of(canonical: dict[str, Any]) -> str:
    """Return the hash of a request's canonical content."""
    text = canonical_json(canonical).encode("utf-8", "surrogatepass")
    return "sha256-" + hashlib.sha256(text).hexdigest()
