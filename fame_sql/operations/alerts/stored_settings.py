"""The settings of alerts in a warehouse: checked when they are set, read in each pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.operations.alerts.channels import Surroundings, open_channel
from fame_sql.operations.alerts.reading import read_settings, read_settings_in_force
from fame_sql.operations.alerts.recording import forgive
from fame_sql.operations.alerts.secrets import MissingSecretError, Secrets
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.storage import copy_of, load_state, store_state
from fame_sql.warehouse.warehouse import Warehouse


def load_settings(warehouse: Warehouse) -> AlertSettings:
    """Return the settings in force.

    Raises
    ------
    MissingStageError
        If none were set.
    """
    return read_settings_in_force(settings_text(warehouse))


def settings_text(warehouse: Warehouse) -> str:
    """Return the settings in force as they were written.

    Raises
    ------
    MissingStageError
        If none were set.
    """
    text = warehouse.value(sql.load("operations/alerts/settings_in_force"))
    if text is None:
        raise MissingStageError("no channel for alerts is set", "fame alert set alerts.toml")
    return str(text)


def has_settings(warehouse: Warehouse) -> bool:
    """Return whether settings were set."""
    return warehouse.value(sql.load("operations/alerts/settings_in_force")) is not None


def store_settings(
    warehouse: Warehouse, text: str, author: str | None, now: datetime, *, force: bool = False
) -> AlertSettings:
    """Check settings and put them in force; what failed is tried again at once.

    Parameters
    ----------
    warehouse : Warehouse
        An open warehouse.
    text : str
        The settings, as TOML.
    author : str or None
        Who sets them.
    now : datetime
        The time, in UTC.
    force : bool
        Accept routes for services and domains that the warehouse does not know.

    Raises
    ------
    InputError
        If they cannot be read, or a route can match nothing of the warehouse.
    """
    settings = read_settings(text)
    if not force:
        check_names(warehouse, settings)
    if has_settings(warehouse) and settings_text(warehouse) == text:
        return settings
    state = load_state(warehouse, now)
    before = copy_of(state)
    forgive(state, now)
    with warehouse.transaction():
        warehouse.connection.execute(
            sql.load("operations/alerts/add_settings"), [text, author, now]
        )
        store_state(warehouse, before, state, settings, now)
    return settings


def check_names(warehouse: Warehouse, settings: AlertSettings) -> None:
    """Refuse a route for a service or domain that is nowhere in the warehouse.

    Raises
    ------
    InputError
        If there is one.
    """
    services = _known(warehouse, "services")
    domains = _known(warehouse, "domains")
    for number, route in enumerate(settings.routes, 1):
        _check(f"route {number}", "service", route.services, services)
        _check(f"route {number}", "domain", route.domains, domains)


def _known(warehouse: Warehouse, what: str) -> set[str]:
    return {row[0] for row in warehouse.rows(sql.load(f"operations/alerts/known_{what}"))}


def _check(where: str, field: str, wanted: Iterable[str], known: set[str]) -> None:
    if missing := sorted(set(wanted) - known):
        names = ", ".join(sorted(known)[:10]) or "none"
        raise InputError(
            f"{where} matches nothing: the warehouse has no {field} {missing[0]!r}; it has "
            f"{names}. If it is still to come, accept it with --force"
        )


def unusable(
    settings: AlertSettings, environment: Mapping[str, str], now: datetime
) -> Iterator[str]:
    """Yield why channels could not send, if they were to do so now."""
    secrets = Secrets(environment)
    around = Surroundings(secrets, lambda: now, settings.source)
    for channel in settings.channels.values():
        try:
            open_channel(channel, around)
        except MissingSecretError as error:
            yield str(error)
        except InputError as error:
            yield secrets.hidden(str(error))
