"""Signs of life to a watcher, which raises the alarm when they stay away.

A call means: the log was read, incidents were found, and messages can be delivered. So it is made
at the end of a pass and by nothing else, and not while no channel takes anything.
"""

from __future__ import annotations

from datetime import datetime

from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.secrets import MissingSecretError, Secrets
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState

_TIMEOUT = 10.0


def is_due(state: AlertState, settings: AlertSettings, now: datetime) -> bool:
    """Return whether the watcher should be called after this pass."""
    if not settings.heartbeat.url or _delivers_nothing(state, settings):
        return False
    return state.last_beat is None or now - state.last_beat >= settings.heartbeat.every


def beat(settings: AlertSettings, secrets: Secrets) -> str:
    """Call the watcher; return what went wrong, empty if nothing."""
    try:
        url = secrets.value(settings.heartbeat.url, "heartbeat: url")
        secrets.learn(url)
        proxy = secrets.value(settings.proxy, "proxy")
        answer = http.request(url, None, {}, http.Connection(_TIMEOUT, proxy))
    except (MissingSecretError, http.NotSentError, http.UnansweredError) as error:
        return secrets.hidden(f"heartbeat: {error}")
    return "" if 200 <= answer.status < 300 else f"heartbeat: the watcher answered {answer.status}"


def _delivers_nothing(state: AlertState, settings: AlertSettings) -> bool:
    channels = [state.channel(name) for name in settings.channels]
    return all(channel.failures > 0 for channel in channels)
