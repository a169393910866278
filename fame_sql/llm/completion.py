"""Reading a chat completion, in which an endpoint may leave out, rename or misuse fields."""

from __future__ import annotations

import math
from typing import Any

from fame_sql.llm.ledger import Reply
from fame_sql.llm.prices import estimate_tokens
from fame_sql.llm.request import Request

_MOST_TOKENS = 10_000_000
REFUSALS = {
    "content_filter": "a content filter stopped the answer",
    "refusal": "the model refuses to answer",
}


def reply_of(request: Request, completion: Any, seconds: float) -> Reply:
    """Return what an endpoint answered, whatever form it gave its answer.

    Parameters
    ----------
    request : Request
        What was asked.
    completion : object
        The JSON of the answer.
    seconds : float
        Duration of the request.
    """
    body = completion if isinstance(completion, dict) else {}
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    choice = first if isinstance(first, dict) else {}
    message = choice.get("message")
    content = _content(message if isinstance(message, dict) else {}, choice)
    claimed = body.get("usage")
    usage = claimed if isinstance(claimed, dict) else {}
    tokens_in = _count(usage.get("prompt_tokens"), request.tokens // 8, 8 * request.most_tokens)
    tokens_out = _count(usage.get("completion_tokens"), estimate_tokens(content) // 8, _MOST_TOKENS)
    model = body.get("model")
    return Reply(
        content=content,
        tokens_in=request.tokens if tokens_in is None else tokens_in,
        tokens_out=estimate_tokens(content) if tokens_out is None else tokens_out,
        resolved_model=clean(model)[:200] if isinstance(model, str) else None,
        finish_reason=_finish(choice, message),
        tokens_estimated=tokens_in is None or tokens_out is None,
        seconds=seconds,
    )


def clean(text: str) -> str:
    """Return a text that can be stored: JSON can contain lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _content(message: dict[str, Any], choice: dict[str, Any]) -> str:
    """Return the first text that there is: content, a tool's arguments, then reasoning."""
    calls = message.get("tool_calls")
    called = calls[0] if isinstance(calls, list) and calls else {}
    function = called.get("function") if isinstance(called, dict) else None
    legacy = message.get("function_call")
    places = (
        message.get("content"),
        message.get("parsed"),
        function.get("arguments") if isinstance(function, dict) else None,
        legacy.get("arguments") if isinstance(legacy, dict) else None,
        choice.get("text"),
        message.get("reasoning_content"),
        message.get("reasoning"),
        message.get("refusal"),
    )
    texts = (clean(_text(place)) for place in places)
    return next((text for text in texts if text.strip()), "")


def _text(value: Any) -> str:
    """Return the text of a string, of parts, or of an object that is the answer itself."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_part(part) for part in value)
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    return ""


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type") in ("thinking", "reasoning"):
        return ""
    text = part.get("text", part.get("content"))
    if isinstance(text, dict):
        text = text.get("value")
    return text if isinstance(text, str) else ""


def _finish(choice: dict[str, Any], message: Any) -> str | None:
    reason = choice.get("finish_reason")
    if isinstance(message, dict) and message.get("refusal"):
        return "refusal"
    return reason[:40] if isinstance(reason, str) else None


def _count(value: Any, least: int, most: int) -> int | None:
    """Return a number of tokens, or None if what is claimed cannot be true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared first: a number of 400 digits is no float.
    if not least <= value <= most or not math.isfinite(value):
        return None
    return int(value)


def unfinished(reply: Reply) -> str | None:
    """Return in words why an answer ended before its end, or None."""
    if reply.finish_reason == "length":
        return f"the answer was cut off after {reply.tokens_out} tokens"
    return REFUSALS.get(reply.finish_reason or "")


def is_other_model(asked: str, resolved: str | None) -> bool:
    """Return whether another model answered: no name begins with the other, whoever serves it."""
    if not resolved:
        return False
    names = [name.lower().rsplit("/", 1)[-1].split(":")[0] for name in (asked, resolved)]
    return not (names[0].startswith(names[1]) or names[1].startswith(names[0]))
