"""What to do about the failure of an endpoint, by what it said."""

from __future__ import annotations

import re

_ADDRESS = (
    "give the address under which it speaks OpenAI's chat completions, for Ollama "
    "http://HOST:11434/v1, for Anthropic https://api.anthropic.com/v1"
)
_ADVICE = (
    (r"context.*length|length.*context", "set the model's context size in tokens with --window"),
    (r"quota|billing", "the account has no credit left; what was answered is kept"),
    (r"^no connection", "see that the endpoint runs, then run 'fame llm check'"),
    (r"^error code: 404.*\bmodel\b", "choose another --llm-model, or load this one first"),
    (r"^error code: (?:30\d|404|405)\b", _ADDRESS),
    (r"^error code: 40[13]\b", "set the endpoint's key in FAME_LLM_KEY"),
)
_OTHERWISE = "run 'fame llm check' to test the endpoint"


def advice_for(reason: str) -> str:
    """Return what to do about a failure.

    Parameters
    ----------
    reason : str
        What the endpoint or the client for it said.
    """
    said = reason.lower()
    return next((advice for words, advice in _ADVICE if re.search(words, said)), _OTHERWISE)


def advice_for_answer(text: str) -> str:
    """Return what to do about an answer that is no chat completion.

    Parameters
    ----------
    text : str
        The beginning of the answer.
    """
    return _ADDRESS if text.lstrip().startswith("{") else "give the address that ends in /v1"
