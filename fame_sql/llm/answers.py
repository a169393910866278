"""The schemas of a language model's answers, and reading an answer by its schema.

The names of nested classes and of fields are part of the schema that is sent, and so of a
request's hash: they do not change.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fame_sql.verdict.label_words import Label

Shape = TypeVar("Shape", bound=BaseModel)

_MOST = 100_000
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)
_UNKNOWN_TO_STRICT = ("title", "maxLength", "minLength", "maxItems", "minItems", "pattern")

Id = Annotated[str, Field(min_length=1, max_length=20)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Judgement(_Closed):
    """The label of a line, and the reason."""

    id: Id
    label: Label
    reason: str = Field(max_length=2000)


class LabelAnswer(_Closed):
    """One judgement per line."""

    judgements: list[Judgement] = Field(max_length=_MOST)


class ProposedDomain(_Closed):
    """A failure domain with its members."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)
    members: list[Id] = Field(max_length=_MOST)


class GroupingAnswer(_Closed):
    """Failure domains; the answer to a merge has the same schema."""

    domains: list[ProposedDomain] = Field(min_length=1, max_length=_MOST)


class Placement(_Closed):
    """The domain, existing or new, of a new template."""

    id: Id
    domain: str = Field(min_length=1, max_length=200)


class NewDomain(_Closed):
    """A domain that did not exist before."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)


class PlacementAnswer(_Closed):
    """The domains of new templates."""

    placements: list[Placement] = Field(max_length=_MOST)
    new_domains: list[NewDomain] = Field(max_length=_MOST)


class CheckAnswer(_Closed):
    """The answer to a trial request."""

    answer: Literal["ready"]


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Return a JSON schema for strict mode: no extra fields, all required, no unknown keywords."""
    schema = copy.deepcopy(shape.model_json_schema())
    _make_strict(schema)
    return schema


def _make_strict(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _make_strict(item)
    elif isinstance(node, dict):
        for name in _UNKNOWN_TO_STRICT:
            if not isinstance(node.get(name), dict):
                node.pop(name, None)
        if "const" in node:
            node["enum"] = [node.pop("const")]
        if node.get("type") == "object":
            node["additionalProperties"] = False
            node["required"] = list(node.get("properties", {}))
            node.pop("description", None)
        for value in node.values():
            _make_strict(value)


def parse(shape: type[Shape], content: str) -> Shape:
    """Read an answer, wherever in the text its JSON is.

    Raises
    ------
    ValueError
        If it does not match the schema; the message says why in a few words.
    """
    try:
        return shape.model_validate_json(_json_in(content))
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors()]
        raise ValueError("; ".join(found[:5])) from None


def _json_in(content: str) -> str:
    """Return the JSON object of an answer that may contain prose or a code fence around it."""
    text = content.strip()
    if text.startswith("{"):
        return text
    if fenced := _FENCE.search(text):
        return fenced.group(1).strip()
    start = text.find("{")
    if start < 0:
        return text
    try:
        _, length = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return text[start:]
    return text[start : start + length]
