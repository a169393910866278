"""Read the settings of alerts from TOML, and refuse whatever could fail at night."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels import Option, module_of
from fame_sql.operations.alerts.durations import duration
from fame_sql.operations.alerts.http import check_url
from fame_sql.operations.alerts.matching import FIELDS, Match, read_match
from fame_sql.operations.alerts.secrets import PREFIX, variable
from fame_sql.operations.alerts.settings import (
    AlertSettings,
    ChannelSettings,
    DeliveryAlert,
    Heartbeat,
    Retry,
    Route,
)
from fame_sql.operations.alerts.severities import SEVERITIES
from fame_sql.operations.alerts.templates import check_template
from fame_sql.operations.alerts.windows import read_window
from fame_sql.operations.incidents import Severity

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_COMMON = {"kind", "match", "severity", "notify_end"}
_DURATIONS = ("suppress", "group_wait", "downtime", "lateness")
_KEYS = {*_DURATIONS, "remind", "group_by", "limit", "source", "proxy", "retry", "heartbeat"}
_KEYS |= {"channels", "routes", "maintenance", "delivery_alert"}
_LONG = timedelta(days=30)
_TLS = ("required", "if offered", "none")


def read_settings(text: str) -> AlertSettings:
    """Return the settings that a TOML text has.

    Parameters
    ----------
    text : str
        The text.

    Raises
    ------
    InputError
        If it is no TOML, a key or channel is unknown, a route or window can never hold, a template
        cannot be filled in, or a secret is written out.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the settings of alerts are no TOML: {error}") from None
    _known(given, _KEYS, "the settings of alerts")
    channels = {name: _channel(name, table) for name, table in _table(given, "channels").items()}
    if not channels:
        raise InputError("the settings of alerts name no channel: write a table [channels.NAME]")
    routes = tuple(
        _route(table, number, channels) for number, table in enumerate(_tables(given, "routes"), 1)
    )
    _check_order(routes)
    windows = tuple(read_window(w, n) for n, w in enumerate(_tables(given, "maintenance"), 1))
    settings = AlertSettings(
        channels=channels,
        routes=routes,
        windows=windows,
        **_quiet(given),
        retry=_retry(_table(given, "retry")),
        heartbeat=_heartbeat(_table(given, "heartbeat"), channels),
        delivery_alert=_delivery_alert(_table(given, "delivery_alert"), channels),
        notes=(
            *_notes(given, channels, routes),
            *(f"{w.name}: {n}" for w in windows for n in w.notes),
        ),
    )
    for window in windows:
        if window.spared:
            _severity(window.spared, f"maintenance {window.name!r}: except")
    return settings


def _known(given: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in sorted(set(given) - keys):
        raise InputError(f"{where}: there is no key {key!r}; keys are {', '.join(sorted(keys))}")


def _table(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = given.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"{name} is a table: write [{name}]")
    return table


def _tables(given: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    tables = given.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{name} is a list of tables: write [[{name}]]")
    return tables


def _channel(name: str, table: Any) -> ChannelSettings:
    where = f"channel {name}"
    if _NAME.fullmatch(name) is None or not isinstance(table, dict):
        raise InputError(
            f"{where}: write a table [channels.NAME], with letters, digits and - in NAME"
        )
    module = module_of(table.get("kind"), where)
    options: dict[str, Option] = module.OPTIONS
    _known(table, {*options, *_COMMON}, where)
    for option, of in options.items():
        if of.required and option not in table:
            raise InputError(f"{where}: {option} is missing")
    read = {o: _option(table[o], of, f"{where}: {o}") for o, of in options.items() if o in table}
    if read.get("tls", "required") not in _TLS:
        raise InputError(f"{where}: tls = {read['tls']!r}; it is one of {', '.join(_TLS)}")
    return ChannelSettings(
        name,
        table["kind"],
        read,
        _match(table, where),
        _severity(table.get("severity", "info"), f"{where}: severity"),
        _flag(table.get("notify_end", True), f"{where}: notify_end"),
    )


def _option(value: Any, option: Option, where: str) -> Any:
    return _READERS[option.type](value, where)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where} = {value!r} is no text")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    if not given:
        raise InputError(f"{where} is empty")
    return tuple(_text(each, where) for each in given)


def _number(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{where} = {value!r} is no whole number above 0")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where} = {value!r}: write true or false")
    return value


def _secret(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise InputError(
            f"{where} is a secret: put it into an environment variable and write 'env:NAME' here"
        )
    variable(value, where)
    return value


def _address(value: Any, where: str) -> str:
    """Return an address; refuse one that holds a password, a token or the like."""
    text = _text(value, where)
    if text.startswith(PREFIX):
        return _secret(text, where)
    if text == "none":
        return text
    check_url(text, where, ("http", "https", "smtp", "smtps"))
    parts = urlsplit(text)
    if parts.password or parts.query or any(len(p) >= 16 for p in parts.path.split("/")):
        raise InputError(
            f"{where} seems to hold a secret: put the address into an environment variable and "
            "write 'env:NAME'"
        )
    if where.endswith(": proxy") and parts.scheme != "http":
        raise InputError(f"{where}: only proxies at http:// are supported")
    return text


def _ca_file(value: Any, where: str) -> str:
    text = _text(value, where)
    if not Path(text).is_file():
        raise InputError(f"{where}: there is no file {text}")
    return text


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "text": _text,
    "texts": _texts,
    "number": _number,
    "flag": _flag,
    "duration": duration,
    "template": check_template,
    "address": _address,
    "secret": _secret,
    "file": _ca_file,
}


def _severity(value: Any, where: str) -> Severity:
    if value not in SEVERITIES:
        raise InputError(f"{where} = {value!r}; severities are {', '.join(SEVERITIES)}")
    return value  # type: ignore[no-any-return]


def _match(table: Mapping[str, Any], where: str) -> Match:
    return (
        read_match(_text(table["match"], f"{where}: match"), where) if "match" in table else Match()
    )


def _route(table: Mapping[str, Any], number: int, channels: Mapping[str, Any]) -> Route:
    where = f"route {number}"
    _known(table, {"severity", "service", "domain", "match", "channels", "after", "last"}, where)
    if "channels" not in table:
        raise InputError(f"{where}: channels is missing; an empty list drops what the route takes")
    names = (
        tuple(table["channels"]) if isinstance(table["channels"], list) else (table["channels"],)
    )
    return Route(
        _severity(table.get("severity", "info"), f"{where}: severity"),
        frozenset(_texts(table["service"], f"{where}: service") if "service" in table else ()),
        frozenset(_texts(table["domain"], f"{where}: domain") if "domain" in table else ()),
        _match(table, where),
        _channel_names(names, channels, where),
        duration(table.get("after", "0s"), f"{where}: after"),
        _flag(table.get("last", not names), f"{where}: last"),
    )


def _channel_names(
    names: tuple[Any, ...], channels: Mapping[str, Any], where: str
) -> tuple[str, ...]:
    for name in names:
        if name not in channels:
            raise InputError(
                f"{where}: there is no channel {name!r}; there are {', '.join(channels)}"
            )
    return names


def _check_order(routes: tuple[Route, ...]) -> None:
    """Refuse a route that is never asked."""
    for number, route in enumerate(routes, 1):
        takes_all = not (route.services or route.domains or route.match.conditions)
        if route.last and takes_all and route.severity == "info" and number < len(routes):
            raise InputError(
                f"route {number + 1} is never asked, since route {number} takes every incident and "
                "is the last one: put it before, or remove last"
            )


def _quiet(given: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {n: duration(given[n], n) for n in _DURATIONS if n in given}
    if "remind" in given:
        remind = given["remind"]
        read["remind"] = None if remind == "never" else duration(remind, "remind")
        if read["remind"] == timedelta():
            raise InputError("remind = '0s' would send a message in every pass: write 'never'")
    if "group_by" in given:
        read["group_by"] = _texts(given["group_by"], "group_by") if given["group_by"] else ()
        for field in read["group_by"]:
            if field not in FIELDS:
                raise InputError(f"group_by has {field!r}; fields are {', '.join(FIELDS)}")
    limit = _table(given, "limit")
    _known(limit, {"messages", "per"}, "limit")
    if "messages" in limit:
        read["limit"] = _number(limit["messages"], "limit: messages")
    if "per" in limit:
        read["limit_per"] = duration(limit["per"], "limit: per")
    if "source" in given:
        read["source"] = _text(given["source"], "source")
    if "proxy" in given:
        read["proxy"] = _address(given["proxy"], "settings: proxy")
    return read


def _retry(table: Mapping[str, Any]) -> Retry:
    _known(table, {"first", "factor", "longest", "within"}, "retry")
    factor = table.get("factor", 2)
    if not isinstance(factor, int | float) or not 1 <= factor <= 10:
        raise InputError(f"retry: factor = {factor!r} is no number from 1 to 10")
    spans = {
        n: duration(table[n], f"retry: {n}") for n in ("first", "longest", "within") if n in table
    }
    if spans.get("first") == timedelta():
        raise InputError("retry: first = '0s' would send without a pause: write at least 1s")
    return Retry(factor=float(factor), **spans)


def _heartbeat(table: Mapping[str, Any], channels: Mapping[str, Any]) -> Heartbeat:
    _known(table, {"url", "every", "quiet", "channels"}, "heartbeat")
    names = tuple(table.get("channels", ()))
    return Heartbeat(
        _address(table["url"], "heartbeat: url") if "url" in table else "",
        duration(table.get("every", "5m"), "heartbeat: every"),
        duration(table["quiet"], "heartbeat: quiet") if "quiet" in table else None,
        _channel_names(names, channels, "heartbeat"),
    )


def _delivery_alert(table: Mapping[str, Any], channels: Mapping[str, Any]) -> DeliveryAlert:
    _known(table, {"after", "via", "repeat"}, "delivery_alert")
    via = _channel_names(tuple(table.get("via", ())), channels, "delivery_alert")
    return DeliveryAlert(
        _number(table.get("after", 3), "delivery_alert: after"),
        via,
        duration(table.get("repeat", "6h"), "delivery_alert: repeat"),
    )


def _notes(
    given: Mapping[str, Any], channels: Mapping[str, ChannelSettings], routes: tuple[Route, ...]
) -> list[str]:
    notes = []
    if duration(given.get("suppress", "30m"), "suppress") > _LONG:
        notes.append("suppress is above 30 days, so that it mutes what was announced once")
    used = {name for route in routes for name in route.channels}
    if routes and (unused := sorted(set(channels) - used)):
        notes.append(f"no route leads to {', '.join(unused)}")
    via = tuple(_table(given, "delivery_alert").get("via", ()))
    if len(via) == 1:
        notes.append(f"delivery_alert: {via[0]} cannot report that it fails itself")
    for name, channel in channels.items():
        if channel.options.get("verify") is False:
            notes.append(f"channel {name}: certificates are not checked")
        if channel.kind == "alertmanager":
            notes.append(f"channel {name}: run 'fame alert' at least every third of 'expires'")
    if _table(given, "heartbeat").get("url"):
        notes.append("heartbeat: the watcher should wait at least twice as long as 'every'")
    return notes
