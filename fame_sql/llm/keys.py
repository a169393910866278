"""Which API key goes to which host."""

from __future__ import annotations

import os

_OPENAI = "api.openai.com"


def api_key(host: str) -> str:
    """Return the key for an endpoint; OpenAI's key is never sent to another host.

    Parameters
    ----------
    host : str
        Host name of the endpoint.

    Returns
    -------
    str
        ``$FAME_LLM_KEY``, then ``$OPENAI_API_KEY`` for OpenAI's own host; else ``"none"``.
    """
    own = os.environ.get("FAME_LLM_KEY")
    openai = os.environ.get("OPENAI_API_KEY") if host == _OPENAI else None
    return own or openai or "none"
