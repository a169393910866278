"""Which API key goes to which address, and that none is ever shown."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import SplitResult, quote, unquote, urlsplit

from fame_sql.errors import InputError

_OPENAI = "api.openai.com"
_NO_KEY = "none"
_SHORTEST = 6
"""Shorter texts are not taken for secrets: they occur in any message."""


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
    return own or openai or _NO_KEY


def refuse_unencrypted(endpoint: str, key: str) -> None:
    """Refuse to send a key or a password unencrypted to another machine.

    Parameters
    ----------
    endpoint : str
        The address of the endpoint.
    key : str
        What :func:`api_key` returned for its host.

    Raises
    ------
    InputError
        If that would happen.
    """
    address = _split(endpoint)
    what = "key" if key != _NO_KEY else "password" if address.password else ""
    if what and address.scheme != "https" and not is_local(str(address.hostname)):
        raise InputError(
            f"--llm http://{address.hostname}: the {what} would go unencrypted over the network; "
            "give an https address, or one of this machine, or leave the key out ($FAME_LLM_KEY, "
            "$OPENAI_API_KEY)"
        )


def host_of(endpoint: str) -> str:
    """Return the host of an endpoint's address.

    Raises
    ------
    InputError
        If it is no address; the message never repeats a password in it.
    """
    return str(_split(endpoint).hostname)


def _split(endpoint: str) -> SplitResult:
    try:
        address = urlsplit(endpoint)
        host, _ = address.hostname, address.port
    except ValueError:
        address, host = urlsplit(""), None
    if address.scheme not in ("http", "https") or not host or any(c.isspace() for c in host):
        raise InputError(
            f"--llm {without_password(endpoint)!r} is not the address of an endpoint; "
            "give one such as http://localhost:11434/v1"
        )
    return address


def without_password(address: str) -> str:
    """Return an address, or what somebody took for one, without user and password."""
    scheme, slashes, rest = address.partition("//")
    return f"{scheme.rpartition('@')[2]}{slashes}{rest.rpartition('@')[2]}"


def is_local(host: str) -> bool:
    """Return whether a host is this machine, by its name or its address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hide(text: str, *secrets: str | None) -> str:
    """Return a text in which secrets are replaced, also as addresses write them."""
    for secret in secrets:
        if secret is None or secret == _NO_KEY or len(secret) < _SHORTEST:
            continue
        for form in {secret, quote(secret, safe=""), unquote(secret)}:
            text = text.replace(form, "<key>")
    return text
