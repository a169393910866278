"""What every channel has, and what those over HTTP share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.notice import Item, Notice
from fame_sql.operations.alerts.outcome import Outcome, Status
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.text import cut, one_line

OptionType = Literal[
    "text", "number", "flag", "duration", "template", "address", "proxy", "secret", "file",
    "mail", "mails", "tls",
]  # fmt: skip

_LONGEST_REASON = 200

# What makes no difference to a message that is sent again unchanged, until somebody acts.
_BROKEN = {401, 403, 404, 405, 410}
TRANSIENT = {408, 423, 425, 429}


@dataclass(frozen=True)
class Option:
    """An option of a kind of channel.

    Parameters
    ----------
    type : str
        What it takes. An ``address`` may hold a secret and then names a variable; a ``secret``
        always does. A ``proxy`` is an address or ``none``.
    required : bool
        Whether it must be given.
    schemes : tuple of str
        How an address can begin.
    least : int
        The least that a number can be.
    """

    type: OptionType
    required: bool = False
    schemes: tuple[str, ...] = ("http", "https")
    least: int = 1


@dataclass(frozen=True)
class Surroundings:
    """What a channel needs besides its settings.

    Parameters
    ----------
    secrets : Secrets
        Where secrets come from, and what hides them.
    now : callable
        The time, in UTC without a zone.
    source : str
        What tells this warehouse from others; may be empty.
    host : str
        The name of this machine.
    proxy : str
        The proxy of all channels.
    """

    secrets: Secrets
    now: Callable[[], datetime]
    source: str = ""
    host: str = "fame"
    proxy: str = ""


@dataclass(frozen=True)
class Traits:
    """What the receivers of a kind of channel are like.

    Parameters
    ----------
    keeps_state : bool
        Whether the receiver keeps an alert open until it learns of its end.
    refreshes : bool
        Whether the receiver takes an alert for over unless it hears of it again and again.
    recognises : bool
        Whether the receiver can recognise a repeat.
    pause : timedelta
        The shortest time between two messages.
    """

    keeps_state: bool = False
    refreshes: bool = False
    recognises: bool = False
    pause: timedelta = timedelta()


class Channel(Protocol):
    """A receiver of notices."""

    def show(self, notice: Notice) -> str:
        """Return what would be sent, without secrets."""
        ...

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Send notices in one message; more than one only if the receiver must be refreshed."""
        ...

    def mark(self) -> str:
        """Return what the key is known by; empty if there is none."""
        ...


@dataclass
class HttpChannel:
    """A channel that posts JSON.

    Parameters
    ----------
    settings : ChannelSettings
        Its settings.
    around : Surroundings
        Secrets and the clock.
    url : str
        Where it posts.
    """

    settings: ChannelSettings
    around: Surroundings
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"channel {self.settings.name}"
        self.around.secrets.learn(self.url)
        http.check_url(self.url, where)
        self.url, login = http.without_login(self.url)
        if login:
            self.around.secrets.learn(login)
            self.headers["Authorization"] = f"Basic {login}"

    def mark(self) -> str:
        """Return what the key is known by."""
        return ""

    @property
    def connection(self) -> http.Connection:
        """How requests are made."""
        options = self.settings.options
        timeout = options.get("timeout", timedelta(seconds=10))
        return http.Connection(
            timeout=timeout.total_seconds(),
            proxy=self.around.secrets.value(
                options.get("proxy") or self.around.proxy, f"channel {self.settings.name}: proxy"
            ),
            verify=options.get("verify", True),
            ca_file=options.get("ca_file", ""),
        )

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> Outcome:
        """Post a value as JSON, and return how that ended by the status of the answer."""
        sent = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        try:
            answer = http.request(self.url, encoded(body), sent, self.connection)
        except (http.UntrustedError, http.ProxyError) as error:
            return self.failure("broken", str(error))
        except http.NotSentError as error:
            return self.failure("failed", str(error))
        except http.UnansweredError as error:
            return self.failure("unknown", f"{http.place_of(self.url)}: {error}")
        return self.judged(answer)

    def judged(self, answer: http.Answer) -> Outcome:
        """Return what an answer means."""
        status = answer.status
        reason = f"{status} {answer.text}"
        wait = http.retry_after(answer.headers.get("retry-after"), self.around.now())
        if 200 <= status < 300:
            return Outcome("delivered")
        if status in TRANSIENT or status >= 500:
            return self.failure("failed", reason, wait)
        return self.failure("broken" if status in _BROKEN or status < 400 else "refused", reason)

    def failure(self, status: Status, reason: str, wait: timedelta | None = None) -> Outcome:
        """Return a failure; what is said of it holds no secret."""
        hidden = self.around.secrets.hidden(one_line(self.around.secrets.hidden(reason)))
        return Outcome(status, cut(hidden, _LONGEST_REASON, "bytes"), wait)


def next_step(item: Item, around: Surroundings) -> str:
    """Return the next command and the machine on which to type it; empty for what is over."""
    command = item.next_command()
    return f"next, on {around.host}: {command}" if command else ""


def encoded(body: Any) -> bytes:
    """Return a value as JSON in UTF-8, without what UTF-8 cannot hold."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def shown(body: Any) -> str:
    """Return a value as JSON for people."""
    return json.dumps(body, ensure_ascii=False, indent=2)


HTTP_OPTIONS = {
    "timeout": Option("duration"),
    "proxy": Option("proxy"),
    "verify": Option("flag"),
    "ca_file": Option("file"),
}
"""The options of every channel over HTTP."""
