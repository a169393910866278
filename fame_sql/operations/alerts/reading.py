"""Read the settings of alerts from TOML, and refuse whatever could fail at night."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels import Option, module_of
from fame_sql.operations.alerts.durations import duration
from fame_sql.operations.alerts.matching import FIELDS, Match, read_match
from fame_sql.operations.alerts.options import (
    as_address,
    as_flag,
    as_number,
    as_proxy,
    as_span,
    as_text,
    as_texts,
    read_option,
)
from fame_sql.operations.alerts.settings import (
    AlertSettings,
    ChannelSettings,
    DeliveryAlert,
    Heartbeat,
    Retry,
    Route,
)
from fame_sql.operations.alerts.severities import SEVERITIES
from fame_sql.operations.alerts.templates import NAMES, check_template
from fame_sql.operations.alerts.windows import read_window
from fame_sql.operations.incidents import Severity

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_COMMON = {"kind", "match", "severity", "notify_end"}
_DURATIONS = ("suppress", "group_wait", "downtime", "lateness")
_KEYS = {*_DURATIONS, "remind", "group_by", "limit", "source", "proxy", "retry", "heartbeat"}
_KEYS |= {"channels", "routes", "maintenance", "delivery_alert"}
_LONG = timedelta(days=30)


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
    settings = read_settings_in_force(text)
    for name, channel in settings.channels.items():
        for option in NAMES:
            if option in channel.options:
                check_template(channel.options[option], f"channel {name}: {option}")
    return settings


def read_settings_in_force(text: str) -> AlertSettings:
    """Return settings that were accepted before, perhaps by another version.

    A template that cannot be filled in is no reason to send nothing: the built-in text is sent.

    Parameters
    ----------
    text : str
        The text.

    Raises
    ------
    InputError
        If anything else is wrong with them.
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
    read = {
        name: read_option(table[name], option, f"{where}: {name}")
        for name, option in options.items()
        if name in table
    }
    return ChannelSettings(
        name,
        table["kind"],
        read,
        _match(table, where),
        _severity(table.get("severity", "info"), f"{where}: severity"),
        as_flag(table.get("notify_end", True), f"{where}: notify_end"),
    )


def _severity(value: Any, where: str) -> Severity:
    if value not in SEVERITIES:
        raise InputError(f"{where} = {value!r}; severities are {', '.join(SEVERITIES)}")
    return value  # type: ignore[no-any-return]


def _match(table: Mapping[str, Any], where: str) -> Match:
    if "match" not in table:
        return Match()
    return read_match(as_text(table["match"], f"{where}: match"), where)


def _route(table: Mapping[str, Any], number: int, channels: Mapping[str, Any]) -> Route:
    where = f"route {number}"
    _known(table, {"severity", "service", "domain", "match", "channels", "after", "last"}, where)
    if "channels" not in table:
        raise InputError(f"{where}: channels is missing; an empty list drops what the route takes")
    names = _channel_names(table["channels"], channels, f"{where}: channels")
    return Route(
        _severity(table.get("severity", "info"), f"{where}: severity"),
        frozenset(as_texts(table["service"], f"{where}: service") if "service" in table else ()),
        frozenset(as_texts(table["domain"], f"{where}: domain") if "domain" in table else ()),
        _match(table, where),
        names,
        duration(table.get("after", "0s"), f"{where}: after"),
        as_flag(table.get("last", not names), f"{where}: last"),
    )


def _channel_names(given: Any, channels: Mapping[str, Any], where: str) -> tuple[str, ...]:
    names = as_texts(given, where) if given != [] else ()
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
        read["group_by"] = as_texts(given["group_by"], "group_by") if given["group_by"] else ()
        for field in read["group_by"]:
            if field not in FIELDS:
                raise InputError(f"group_by has {field!r}; fields are {', '.join(FIELDS)}")
    limit = _table(given, "limit")
    _known(limit, {"messages", "per"}, "limit")
    if "messages" in limit:
        read["limit"] = as_number(limit["messages"], "limit: messages")
    if "per" in limit:
        read["limit_per"] = duration(limit["per"], "limit: per")
    if "source" in given:
        read["source"] = as_text(given["source"], "source")
    if "proxy" in given:
        read["proxy"] = as_proxy(given["proxy"], "settings: proxy")
    return read


def _retry(table: Mapping[str, Any]) -> Retry:
    _known(table, {"first", "factor", "longest", "within"}, "retry")
    factor = table.get("factor", 2)
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 1 <= factor <= 10:
        raise InputError(f"retry: factor = {factor!r} is no number from 1 to 10")
    # Without a pause, a receiver that is down would be asked thousands of times.
    spans = {n: as_span(table[n], f"retry: {n}") for n in ("first", "longest") if n in table}
    if "within" in table:
        spans["within"] = duration(table["within"], "retry: within")
    return Retry(factor=float(factor), **spans)


def _heartbeat(table: Mapping[str, Any], channels: Mapping[str, Any]) -> Heartbeat:
    _known(table, {"url", "every", "quiet", "channels"}, "heartbeat")
    names = _channel_names(table.get("channels", []), channels, "heartbeat: channels")
    return Heartbeat(
        as_address(table["url"], "heartbeat: url") if "url" in table else "",
        duration(table.get("every", "5m"), "heartbeat: every"),
        as_span(table["quiet"], "heartbeat: quiet") if "quiet" in table else None,
        names,
    )


def _delivery_alert(table: Mapping[str, Any], channels: Mapping[str, Any]) -> DeliveryAlert:
    _known(table, {"after", "via", "repeat"}, "delivery_alert")
    via = _channel_names(table.get("via", []), channels, "delivery_alert: via")
    return DeliveryAlert(
        as_number(table.get("after", 3), "delivery_alert: after"),
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
    via = _table(given, "delivery_alert").get("via", [])
    if isinstance(via, str) or len(via) == 1:
        name = via if isinstance(via, str) else via[0]
        notes.append(f"delivery_alert: {name} cannot report that it fails itself")
    for name, channel in channels.items():
        if channel.kind == "file" and not Path(channel.options["path"]).is_absolute():
            notes.append(
                f"channel {name}: {channel.options['path']} is looked for where 'fame alert' runs, "
                "which is elsewhere in cron: write the whole path"
            )
        if channel.options.get("verify") is False:
            notes.append(f"channel {name}: certificates are not checked")
        if channel.kind == "alertmanager":
            notes.append(f"channel {name}: run 'fame alert' at least every third of 'expires'")
    if _table(given, "heartbeat").get("url"):
        notes.append("heartbeat: the watcher should wait at least twice as long as 'every'")
    return notes
