"""The shapes of answers: what a language model may say, and nothing else."""

from __future__ import annotations

import copy
import json
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Shape = TypeVar("Shape", bound=BaseModel)

_MOST = 100_000
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)
_UNKNOWN_TO_STRICT = ("title", "maxLength", "minLength", "maxItems", "minItems", "pattern")

Id = Annotated[str, Field(min_length=1, max_length=20)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Judgement(_Closed):
    """What a line is, and why."""

    id: Id
    label: Literal["normal", "anomalous"]
    reason: str = Field(max_length=2000)


class LabelAnswer(_Closed):
    """One judgement for each line."""

    judgements: list[Judgement] = Field(max_length=_MOST)


class ProposedDomain(_Closed):
    """A failure domain with its members."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)
    members: list[Id] = Field(max_length=_MOST)


class GroupingAnswer(_Closed):
    """Failure domains; the same shape merges those of several pieces."""

    domains: list[ProposedDomain] = Field(min_length=1, max_length=_MOST)


class Placement(_Closed):
    """The domain, old or new, to which a new template goes."""

    id: Id
    domain: str = Field(min_length=1, max_length=200)


class NewDomain(_Closed):
    """A domain that there was not."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)


class PlacementAnswer(_Closed):
    """Where new templates go."""

    placements: list[Placement] = Field(max_length=_MOST)
    new_domains: list[NewDomain] = Field(max_length=_MOST)


class CheckAnswer(_Closed):
    """The answer to a trial."""

    answer: Literal["ready"]


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Return a JSON schema that strict mode takes: closed, all required, nothing it ignores."""
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
    """Read an answer, wherever in the text its JSON stands.

    Raises
    ------
    ValueError
        Saying in a few words what is wrong with it.
    """
    try:
        return shape.model_validate_json(_json_in(content))
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors()]
        raise ValueError("; ".join(found[:5])) from None


def _json_in(content: str) -> str:
    """Return the JSON object in an answer that may hold prose or a fence around it."""
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
