"""The schemas of a language model's answers, and reading an answer by its schema.

The names of nested classes and of fields are part of the schema that is sent, and so of a
request's hash: they do not change.
"""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fame_sql.llm.lenient import answer_in, understood, values_in
from fame_sql.llm.nearly_json import of_yaml, rows_of_lines
from fame_sql.verdict.label_words import Label

Shape = TypeVar("Shape", bound=BaseModel)

_MOST = 100_000
_ATTEMPTS = 2000
_UNKNOWN_TO_STRICT = (
    "title",
    "default",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "pattern",
)

Id = Annotated[str, Field(min_length=1, max_length=20)]


Severity = Literal["critical", "error", "warning", "info"]


class Closed(BaseModel):
    """A schema without further keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


Confidence = Literal["high", "medium", "low"]


class Judgement(Closed):
    """The label of a line, the reason, and how sure the model is of it."""

    id: Id
    label: Label | Literal["cannot tell"]
    reason: str = Field(max_length=2000)
    # Required by the schema that is sent; an answer without it is still an answer.
    confidence: Confidence = "medium"


class LabelAnswer(Closed):
    """One judgement per line."""

    judgements: list[Judgement] = Field(max_length=_MOST)


class ProposedDomain(Closed):
    """A failure domain with its members."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)
    members: list[Id] = Field(max_length=_MOST)


class GroupingAnswer(Closed):
    """Failure domains; the answer to a merge has the same schema."""

    domains: list[ProposedDomain] = Field(min_length=1, max_length=_MOST)


class Placement(Closed):
    """The domain, existing or new, of a new template."""

    id: Id
    domain: str = Field(min_length=1, max_length=200)


class NewDomain(Closed):
    """A domain that did not exist before."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field(max_length=2000)


class PlacementAnswer(Closed):
    """The domains of new templates."""

    placements: list[Placement] = Field(max_length=_MOST)
    new_domains: list[NewDomain] = Field(max_length=_MOST)


class CheckAnswer(Closed):
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


def items_of(shape: type[Shape], content: str, prefix: str = "l") -> list[Shape]:
    """Return the good items of an answer that is cut off or wrong in part.

    Parameters
    ----------
    shape : type
        The schema of an item.
    content : str
        The text of the answer.
    prefix : str
        What ids begin with, for those that are numbers.
    """
    found: list[Shape] = []
    for value in values_in(content, _ATTEMPTS):
        lists = (
            [v for v in value.values() if isinstance(v, list)] if isinstance(value, dict) else []
        )
        for item in lists[0] if len(lists) == 1 else value if isinstance(value, list) else [value]:
            try:
                found.append(shape.model_validate(understood(shape, item, prefix)))
            except ValidationError:
                continue
    return found


def parse(shape: type[Shape], content: str, prefix: str = "l") -> Shape:
    """Read an answer, wherever in the text its JSON is, where its meaning is certain.

    Reasoning, prose and code fences around it, further keys, ``Normal`` for ``normal``, ids as
    numbers, a list in place of the object that holds it, its rows one a line, commas before
    closing brackets, literals of Python, and YAML are understood.

    Parameters
    ----------
    shape : type
        The schema.
    content : str
        The text of the answer.
    prefix : str
        What ids begin with, for those that are numbers.

    Raises
    ------
    ValueError
        If it does not match the schema, or two different answers do; the message says why.
    """
    found: list[Shape] = []
    problem = "it is not JSON"
    rows = rows_of_lines(answer_in(content)) if _has_rows_with_ids(shape) else []
    for value in [rows] if len(rows) > 1 else values_in(content):
        try:
            found.append(shape.model_validate(understood(shape, value, prefix)))
        except ValidationError as error:
            wrong = [
                f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors()
            ]
            problem = "; ".join(wrong[:5])
    found = found or _from_yaml(shape, content, prefix)
    if not found:
        raise ValueError(problem)
    if any(other != found[0] for other in found[1:]):
        raise ValueError("there are several answers that differ")
    return found[0]


def _from_yaml(shape: type[Shape], content: str, prefix: str) -> list[Shape]:
    """Return an answer that is YAML as a whole; not one in which a missing row is unnoticed."""
    if not _has_rows_with_ids(shape):
        return []
    try:
        return [shape.model_validate(understood(shape, of_yaml(answer_in(content)), prefix))]
    except ValidationError:
        return []


def _has_rows_with_ids(shape: type[BaseModel]) -> bool:
    """Return whether an answer is one list of rows with ids, so that a missing row is noticed."""
    fields = list(shape.model_fields.values())
    item = getattr(fields[0].annotation, "__args__", (None,))[0] if len(fields) == 1 else None
    return "id" in getattr(item, "model_fields", ())
