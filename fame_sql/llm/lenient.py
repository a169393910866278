"""Finding an answer in what a model wrote, and reading it where its meaning is certain."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fame_sql.llm.nearly_json import nearly_json

if TYPE_CHECKING:
    from pydantic import BaseModel

_THOUGHT = re.compile(r"[<\[](think|thinking|thought|reasoning)[>\]]", re.IGNORECASE)
# Also the mark before the answer of models that name a channel.
_END_OF_THOUGHT = re.compile(
    r"[<\[]/(?:think|thinking|thought|reasoning)[>\]]|<\|channel\|>final<\|message\|>",
    re.IGNORECASE,
)
_ATTEMPTS = 50
_NEARLY = 3
_SURE = ("high", "medium", "low")
_LOW, _HIGH = 0.6, 0.85
_LABELS = {
    "normal": "normal",
    "anomalous": "anomalous",
    "anomaly": "anomalous",
    "cannot tell": "cannot tell",
    "cannot_tell": "cannot tell",
}


def values_in(content: str, attempts: int = _ATTEMPTS) -> Iterator[Any]:
    """Yield the JSON objects and lists in a text, outside of the model's reasoning.

    Parameters
    ----------
    content : str
        The text.
    attempts : int
        How many places that look like a beginning are tried.
    """
    text = answer_in(content)
    nearly = _NEARLY
    decoder = json.JSONDecoder()
    at = 0
    for _ in range(attempts):
        start = _next_opening(text, at)
        if start < 0:
            return
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            nearly -= 1
            read = nearly_json(text, start) if nearly >= 0 else None
            value, at = read or (None, start + 1)
        if isinstance(value, dict) or (isinstance(value, list) and value):
            yield value


def answer_in(content: str) -> str:
    """Return a text from the end of the model's reasoning on, and without it."""
    text = _without_thoughts(content)
    if ends := list(_END_OF_THOUGHT.finditer(text)):
        text = text[ends[-1].end() :]
    return text


def _without_thoughts(content: str) -> str:
    """Return a text without the model's reasoning, in time linear in its length."""
    lower, kept, at = content.lower(), [], 0
    unended: set[str] = set()
    for opening in _THOUGHT.finditer(content):
        left, kind, right = opening[0][0], opening[1].lower(), opening[0][-1]
        closing = f"{left}/{kind}{right}"
        if opening.start() < at or closing in unended:
            continue
        end = lower.find(closing, opening.end())
        if end < 0:
            unended.add(closing)
            continue
        kept += [content[at : opening.start()], " "]
        at = end + len(closing)
    return "".join([*kept, content[at:]])


def _next_opening(text: str, at: int) -> int:
    places = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
    return min(places, default=-1)


def understood(shape: type[BaseModel], value: Any, prefix: str) -> Any:
    """Return a value in the form of a schema: keys that it does not name are left out.

    Parameters
    ----------
    shape : type
        The schema of the answer.
    value : object
        What was found.
    prefix : str
        What ids begin with, for those that are numbers.
    """
    lists = [name for name, field in shape.model_fields.items() if _is_list(field.annotation)]
    if isinstance(value, list) and len(lists) == 1 == len(shape.model_fields):
        value = {lists[0]: value}
    if not isinstance(value, dict):
        return value
    value = _unwrapped(shape, value)
    return _fields(shape, value, prefix)


def _unwrapped(shape: type[BaseModel], value: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose keys are in other case, or that lies in a further object."""
    names = shape.model_fields
    if not value.keys() & names.keys() and len(value) == 1:
        [inner] = value.values()
        if isinstance(inner, dict) and inner.keys() & names.keys():
            return inner
    lowered = {key.lower(): key for key in value}
    return {**value, **{n: value[lowered[n]] for n in names if n not in value and n in lowered}}


def _fields(shape: type[BaseModel], value: dict[str, Any], prefix: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, field in shape.model_fields.items():
        if name not in value:
            continue
        read = _value(name, field.annotation, value[name], prefix)
        if name != "confidence" or read in _SURE:
            kept[name] = read
    return kept


def _value(name: str, annotation: Any, value: Any, prefix: str) -> Any:
    if name == "id":
        return _id(value, prefix)
    if name == "confidence":
        return _confidence(value)
    if name == "label" and isinstance(value, str):
        return _LABELS.get(value.strip(" \n\t.!*\"'`").lower(), value)
    if not isinstance(value, list):
        return value
    if name == "members":
        return [_id(member, prefix) for member in value]
    item: Any = getattr(annotation, "__args__", (None,))[0]
    if hasattr(item, "model_fields"):
        return [_fields(item, row, prefix) if isinstance(row, dict) else row for row in value]
    return value


def _confidence(value: Any) -> Any:
    """Return a confidence in words; models also give a share."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return "low" if value < _LOW else "medium" if value < _HIGH else "high"
    return value.strip().lower() if isinstance(value, str) else None


def _id(value: Any, prefix: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    text = str(value).strip(" \t\n#[]()'\"`")
    return f"{prefix}{text}" if text.isdigit() else text


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is list
