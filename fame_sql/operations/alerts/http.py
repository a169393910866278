"""Requests over HTTP, with the standard library.

A request that was not sent is one error, a request without an answer another.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from fame_sql.errors import InputError

_LONGEST_ANSWER = 65_536
_LONGEST_WAIT = timedelta(hours=1)


class NotSentError(Exception):
    """The request did not reach the receiver."""


class UntrustedError(NotSentError):
    """The certificate of the receiver was not accepted."""


class ProxyError(NotSentError):
    """The proxy does not let the request pass, until somebody changes something."""


class UnansweredError(Exception):
    """The request was sent, and no answer came."""


@dataclass(frozen=True)
class Connection:
    """How requests are made.

    Parameters
    ----------
    timeout : float
        Seconds for each step, and for the whole answer.
    proxy : str
        A proxy; ``none`` for none, empty for that of the environment.
    verify : bool
        Whether certificates are checked.
    ca_file : str
        Certificates to trust; empty for the system's.
    """

    timeout: float = 10.0
    proxy: str = ""
    verify: bool = True
    ca_file: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer to a request.

    Parameters
    ----------
    status : int
        The HTTP status.
    text : str
        The beginning of the body.
    headers : mapping
        The headers, by names in lower case.
    """

    status: int
    text: str
    headers: Mapping[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would send the message, or a GET, to another receiver."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@cache
def tls_context(verify: bool, ca_file: str) -> ssl.SSLContext:
    """Return the settings of TLS, for HTTPS and mail alike.

    Raises
    ------
    InputError
        If the file of certificates cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"ca_file {ca_file} cannot be read: {error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def place_of(url: str) -> str:
    """Return the host and port of an address: what may be shown of it."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an invalid address"


def without_login(url: str) -> tuple[str, str]:
    """Return an address without its user and password, and these as HTTP wants them."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, ""
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host)), b64encode(login.encode()).decode()


def check_url(url: str, where: str, schemes: tuple[str, ...] = ("http", "https")) -> None:
    """Refuse an address to which nothing can be sent, without showing it.

    Raises
    ------
    InputError
        If it has another scheme, no host, or a blank.
    """
    try:
        parts = urlsplit(url)
        fine = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or True)
    except ValueError:
        fine = False
    if not fine or any(c.isspace() or not c.isprintable() for c in url):
        raise InputError(
            f"{where}: the address is invalid: write {' or '.join(schemes)}://HOST/PATH"
        )


def request(
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    connection: Connection,
) -> Answer:
    """Send a request and return its answer, whatever its status.

    Parameters
    ----------
    url : str
        The address.
    body : bytes or None
        What is posted; None for a GET.
    headers : mapping
        The headers.
    connection : Connection
        How.

    Raises
    ------
    NotSentError
        If the receiver was not reached.
    UnansweredError
        If the request was sent, and no answer came in time.
    """
    _check_proxy(url, connection)
    sent = urllib.request.Request(url, data=body, headers=dict(headers))
    opener = urllib.request.build_opener(*_handlers(url, connection))
    deadline = time.monotonic() + connection.timeout
    try:
        with opener.open(sent, timeout=connection.timeout) as answer:
            return _read(answer, answer.status, answer.headers, deadline)
    except urllib.error.HTTPError as error:
        with error:
            _refuse_login(error.code, url, connection)
            return _read(error, error.code, error.headers, deadline)
    except urllib.error.URLError as error:
        raise _not_sent(error.reason, url, connection) from None
    except (http.client.InvalidURL, ValueError):
        raise NotSentError("the address is invalid") from None
    except TimeoutError:
        raise UnansweredError(f"no answer within {connection.timeout:g} s") from None
    except (http.client.HTTPException, OSError) as error:
        raise UnansweredError(f"the connection ended before an answer ({_kind(error)})") from None


def _check_proxy(url: str, connection: Connection) -> None:
    """Refuse a proxy that is reached by TLS: the standard library would speak to it without."""
    found = _proxy(url, connection)
    if found.startswith("https://"):
        raise ProxyError(f"proxy {place_of(found)}: only proxies at http:// are supported")


def _refuse_login(status: int, url: str, connection: Connection) -> None:
    """Tell a proxy that wants a login from a receiver that refuses the message."""
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        proxy = proxy_for(url, connection) or place_of(url)
        raise ProxyError(f"proxy {proxy}: 407, it wants a user and a password") from None


def _handlers(url: str, connection: Connection) -> list[urllib.request.BaseHandler]:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(url).scheme == "https":
        context = tls_context(connection.verify, connection.ca_file)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    if connection.proxy == "none":
        handlers.append(urllib.request.ProxyHandler({}))
    elif connection.proxy:
        proxies = {urlsplit(url).scheme: connection.proxy}
        handlers.append(urllib.request.ProxyHandler(proxies))
    return handlers


def proxy_for(url: str, connection: Connection) -> str:
    """Return the host and port of the proxy that requests to ``url`` take; empty for none."""
    found = _proxy(url, connection)
    return place_of(found) if found else ""


def _proxy(url: str, connection: Connection) -> str:
    """Return the address of the proxy that requests to ``url`` take; empty for none."""
    if connection.proxy == "none":
        return ""
    host = urlsplit(url).netloc.rpartition("@")[2]
    if urllib.request.proxy_bypass(host):
        return ""
    found = connection.proxy or urllib.request.getproxies().get(urlsplit(url).scheme, "")
    return found if "://" in found or not found else f"http://{found}"


def _read(answer: IO[bytes], status: int, headers: Any, deadline: float) -> Answer:
    text = b""
    # The status has come, so that a slow or broken body changes nothing but what is shown of it.
    try:
        while len(text) < _LONGEST_ANSWER and time.monotonic() < deadline:
            part = answer.read1(_LONGEST_ANSWER) if hasattr(answer, "read1") else answer.read(8192)
            if not part:
                break
            text += part
    except (OSError, http.client.HTTPException, ValueError):
        pass
    named = {name.lower(): str(value) for name, value in headers.items()}
    return Answer(status, text.decode("utf-8", "replace"), named)


def _not_sent(reason: object, url: str, connection: Connection) -> NotSentError:
    place, proxy = place_of(url), proxy_for(url, connection)
    via = f"proxy {proxy}" if proxy else place
    if isinstance(reason, ssl.SSLCertVerificationError):
        return UntrustedError(f"certificate of {place} not trusted: {reason.verify_message}")
    if isinstance(reason, ssl.SSLError):
        return UntrustedError(f"no TLS with {place}: {reason.reason or 'handshake failed'}")
    if isinstance(reason, socket.gaierror):
        return NotSentError(f"{via}: the name is not known")
    if isinstance(reason, TimeoutError):
        return NotSentError(f"{via}: no connection within {connection.timeout:g} s")
    if isinstance(reason, OSError) and str(reason).startswith("Tunnel connection failed"):
        said = str(reason).rpartition("failed: ")[2][:60]
        return (ProxyError if said.startswith("407") else NotSentError)(f"proxy {proxy}: {said}")
    return NotSentError(f"{via}: {_kind(reason)}")


def _kind(error: object) -> str:
    """Return what happened in the system's words; an error's own text may hold an address."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait of a ``Retry-After`` header: seconds, or a date.

    Parameters
    ----------
    value : str or None
        The header.
    now : datetime
        The time, in UTC without a zone.

    Returns
    -------
    timedelta or None
        At most an hour; None if there is no header, it cannot be read, or asks for no wait.
    """
    text = (value or "").strip()
    try:
        seconds = float(text)
        wait = _LONGEST_WAIT if seconds > 3600 else timedelta(seconds=-(-seconds // 1))
    except (ValueError, OverflowError):
        try:
            at = parsedate_to_datetime(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            wait = min(at.astimezone(UTC).replace(tzinfo=None) - now, _LONGEST_WAIT)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    return wait if wait > timedelta() else None
