"""Values of settings of alerts, each read as the type that it must have.

Each function raises InputError, which names the place, the value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels.channel import Option, OptionType
from fame_sql.operations.alerts.durations import duration
from fame_sql.operations.alerts.http import check_url
from fame_sql.operations.alerts.secrets import PREFIX, variable

_TLS = ("required", "if offered", "none")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def as_text(value: Any, where: str) -> str:
    """Return a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where} = {value!r} is no text")
    return value


def as_texts(value: Any, where: str) -> tuple[str, ...]:
    """Return texts; one alone is a list of one."""
    given = value if isinstance(value, list) else [value]
    if not given:
        raise InputError(f"{where} is empty")
    return tuple(as_text(each, where) for each in given)


def as_number(value: Any, where: str, least: int = 1) -> int:
    """Return a whole number that is large enough."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{where} = {value!r} is no whole number above {least - 1}")
    return value


def as_flag(value: Any, where: str) -> bool:
    """Return a truth value."""
    if not isinstance(value, bool):
        raise InputError(f"{where} = {value!r}: write true or false")
    return value


def as_secret(value: Any, where: str) -> str:
    """Return the name of a variable; refuse a secret that is written out."""
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise InputError(
            f"{where} is a secret: put it into an environment variable and write 'env:NAME' here"
        )
    variable(value, where)
    return value


def as_address(value: Any, where: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Return an address; refuse one that holds a password, a token or the like."""
    text = as_text(value, where)
    if text.startswith(PREFIX):
        return as_secret(text, where)
    check_url(text, where, schemes)
    parts = urlsplit(text)
    if parts.password or parts.query or any(len(p) >= 16 for p in parts.path.split("/")):
        raise InputError(
            f"{where} seems to hold a secret: put the address into an environment variable and "
            "write 'env:NAME'"
        )
    return text


def as_proxy(value: Any, where: str) -> str:
    """Return the address of a proxy, or ``none``."""
    if value == "none":
        return "none"
    text = as_address(value, where)
    if text.startswith("https:"):
        raise InputError(f"{where}: only proxies at http:// are supported")
    return text


def as_span(value: Any, where: str) -> timedelta:
    """Return a span of time that is not empty."""
    span = duration(value, where)
    if not span:
        raise InputError(f"{where} = {value!r} is no time at all: write at least 1s")
    return span


def _tls(value: Any, where: str) -> str:
    if value not in _TLS:
        raise InputError(f"{where} = {value!r}; it is one of {', '.join(_TLS)}")
    return str(value)


def _mail(value: Any, where: str) -> str:
    text = as_text(value, where)
    if _MAIL.fullmatch(text) is None or not text.isprintable():
        raise InputError(f"{where}: {text!r} is no mail address")
    if not text.isascii():
        raise InputError(
            f"{where}: {text!r} has other characters than ASCII, which few servers take: name "
            "another address, or write its domain as xn--…"
        )
    return text


def _mails(value: Any, where: str) -> tuple[str, ...]:
    return tuple(_mail(each, where) for each in as_texts(value, where))


def _printable(value: Any, where: str) -> str:
    text = as_text(value, where)
    if not text.isprintable():
        raise InputError(f"{where} = {text!r} has a character that cannot be printed")
    return text


def _ca_file(value: Any, where: str) -> str:
    text = _printable(value, where)
    if not Path(text).is_file():
        raise InputError(f"{where}: there is no file {text}")
    return text


_READERS: dict[OptionType, Callable[[Any, str], Any]] = {
    "text": _printable,
    "flag": as_flag,
    "duration": as_span,
    "template": as_text,
    "proxy": as_proxy,
    "secret": as_secret,
    "file": _ca_file,
    "mail": _mail,
    "mails": _mails,
    "tls": _tls,
}


def read_option(value: Any, option: Option, where: str) -> Any:
    """Return a value of the type that an option takes; templates are checked elsewhere."""
    if option.type == "address":
        return as_address(value, where, option.schemes)
    if option.type == "number":
        return as_number(value, where, option.least)
    return _READERS[option.type](value, where)
