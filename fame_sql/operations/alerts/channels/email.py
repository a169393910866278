"""Mail by SMTP: a text part and an HTML part in which text of logs stays text."""

from __future__ import annotations

import html
import smtplib
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from fame_sql.errors import InputError
from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.channels.channel import Option, Surroundings, Traits, next_step
from fame_sql.operations.alerts.notice import Item, Notice, counted
from fame_sql.operations.alerts.outcome import Outcome, Status
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.templates import failed, fill
from fame_sql.operations.alerts.text import cut, one_line

OPTIONS = {
    "server": Option("address", required=True, schemes=("smtp", "smtps")),
    "from": Option("mail", required=True),
    "to": Option("mails", required=True),
    "user": Option("text"),
    "password": Option("secret"),
    "tls": Option("tls"),
    "verify": Option("flag"),
    "ca_file": Option("file"),
    "timeout": Option("duration"),
    "subject": Option("template"),
    "template": Option("template"),
}

TRAITS = Traits()  # Many programs show a mail twice that comes twice with one Message-ID.

LONGEST_SUBJECT = 180
_MOST_ITEMS = 50


def open_channel(settings: ChannelSettings, around: Surroundings) -> Email:
    """Return a channel that can send.

    Raises
    ------
    InputError
        If the server is no address, or a variable is not set.
    """
    options, where = settings.options, f"channel {settings.name}"
    url = around.secrets.value(options["server"], f"{where}: server")
    around.secrets.learn(url)
    http.check_url(url, f"{where}: server", ("smtp", "smtps"))
    parts = urlsplit(url)
    user = options.get("user") or unquote(parts.username or "")
    password = unquote(parts.password or "")
    if "password" in options:
        password = around.secrets.value(options["password"], f"{where}: password")
    return Email(settings, around, url, user, password)


@dataclass
class Email:
    """Sends one mail for each notice, and repeats it only to those who have not got it."""

    settings: ChannelSettings
    around: Surroundings
    url: str
    user: str = ""
    password: str = ""

    def mark(self) -> str:
        """Return nothing, since mail has no key."""
        return ""

    def show(self, notice: Notice) -> str:
        """Return the mail that would be sent."""
        return self._message(notice).as_string()

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Send a mail to those who have neither got nor refused it."""
        # Rendered before the dialogue begins: an error in the middle would send half a mail.
        data = self._message(notices[0]).as_bytes()
        try:
            server = self._connected()
            try:
                return self._deliver(server, data, memo)
            finally:
                _leave(server)
        except _UndecidedError as error:
            return self._failure("unknown", str(error), memo)
        except ssl.SSLCertVerificationError as error:
            place = urlsplit(self.url).hostname
            reason = f"certificate of {place} not trusted: {error.verify_message}"
            return self._failure("broken", reason, memo)
        except InputError as error:
            return self._failure("broken", str(error), memo)
        except smtplib.SMTPResponseException as error:
            return self._failure(_status(error.smtp_code), _said(error), memo)
        except UnicodeEncodeError:
            reason = "the user or password has other characters than ASCII, which is not supported"
            return self._failure("broken", reason, memo)
        except smtplib.SMTPNotSupportedError as error:
            return self._failure("broken", str(error), memo)
        except (smtplib.SMTPException, OSError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
            return self._failure("failed", f"{http.place_of(self.url)}: {reason.lower()}", memo)

    def _connected(self) -> smtplib.SMTP:
        options, parts = self.settings.options, urlsplit(self.url)
        seconds = options.get("timeout", timedelta(seconds=30)).total_seconds()
        context = http.tls_context(options.get("verify", True), options.get("ca_file", ""))
        host, is_implicit = parts.hostname or "", parts.scheme == "smtps"
        if is_implicit:
            return self._logged_in(
                smtplib.SMTP_SSL(host, parts.port or 465, timeout=seconds, context=context), True
            )
        server = smtplib.SMTP(host, parts.port or 587, timeout=seconds)
        try:
            return self._logged_in(server, self._secured(server, context))
        except BaseException:
            server.close()
            raise

    def _secured(self, server: smtplib.SMTP, context: ssl.SSLContext) -> bool:
        """Start TLS as the settings have it; return whether it was started."""
        wanted = self.settings.options.get("tls", "required")
        server.ehlo_or_helo_if_needed()
        if wanted == "none" or (wanted == "if offered" and not server.has_extn("starttls")):
            return False
        if not server.has_extn("starttls"):
            raise InputError(
                f"{http.place_of(self.url)} offers no STARTTLS: write tls = 'none' to send without "
                "encryption"
            )
        server.starttls(context=context)
        return True

    def _logged_in(self, server: smtplib.SMTP, is_secure: bool) -> smtplib.SMTP:
        if not self.user:
            return server
        if not is_secure:
            server.close()
            raise InputError(f"{http.place_of(self.url)}: a password is not sent without TLS")
        server.login(self.user, self.password)
        return server

    def _deliver(self, server: smtplib.SMTP, data: bytes, memo: Mapping[str, Any]) -> Outcome:
        """Hold the dialogue of one mail, with the answer about each recipient."""
        done: dict[str, str] = dict(memo.get("recipients", {}))
        server.ehlo_or_helo_if_needed()
        _expect(server.mail(self.settings.options["from"]))
        left, later = [], {}
        for address in self.settings.options["to"]:
            if address in done:
                continue
            code, text = server.rcpt(address)
            said = f"{code} {one_line(text.decode('utf-8', 'replace'))}"
            if _is_accepted(code):
                left.append(address)
            elif code >= 500:
                done[address] = said
            else:
                later[address] = said
        if left:
            self._send_data(server, data)
            done |= dict.fromkeys(left, "accepted")
        return self._summed(done, later)

    @staticmethod
    def _send_data(server: smtplib.SMTP, data: bytes) -> None:
        try:
            code, text = server.data(data)
        except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError):
            raise _UndecidedError("the connection ended before the mail was acknowledged") from None
        _expect((code, text))

    def _summed(self, done: dict[str, str], later: dict[str, str]) -> Outcome:
        memo = {"recipients": done}
        refused = [f"{a} refused: {said}" for a, said in done.items() if said != "accepted"]
        reason = "; ".join([*refused, *(f"{a} later: {said}" for a, said in later.items())])
        if later:
            return self._failure("failed", reason, memo)
        if len(refused) == len(done):
            return self._failure("broken", reason, memo)
        degraded = f"delivered to {len(done) - len(refused)} of {len(done)}: {reason}"
        return Outcome("delivered", memo=memo, degraded=self._hidden(degraded) if refused else "")

    def _hidden(self, text: str) -> str:
        return cut(self.around.secrets.hidden(one_line(text)), 300)

    def _failure(self, status: Status, reason: str, memo: Mapping[str, Any]) -> Outcome:
        return Outcome(status, self._hidden(reason), memo=memo)

    def _message(self, notice: Notice) -> EmailMessage:
        options = self.settings.options
        # A server need not take more than seven bits.
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        message["Subject"] = cut(self._subject(notice), LONGEST_SUBJECT)
        message["From"] = options["from"]
        message["To"] = ", ".join(options["to"])
        message["Date"] = format_datetime(notice.created_at)
        domain = options["from"].rpartition("@")[2]
        message["Message-ID"] = f"<{notice.delivery_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(self._paragraphs(notice)) + "\n")
        message.add_alternative(self._page(notice), subtype="html")
        return message

    def _subject(self, notice: Notice) -> str:
        template = self.settings.options.get("subject", "")
        text = fill(template, notice.items[0].values()) or notice.headline()
        return one_line(f"[fame] {text}")

    def _paragraphs(self, notice: Notice) -> Iterable[str]:
        if notice.title:
            yield one_line(notice.title)
        for item in notice.items[:_MOST_ITEMS]:
            yield "\n".join(self._lines(item))
        if (left := len(notice.items) - _MOST_ITEMS) > 0:
            yield f"and {counted(left, 'more incident')}: fame incidents"

    def _lines(self, item: Item) -> list[str]:
        template = self.settings.options.get("template", "")
        head = fill(template, item.values()) or item.headline()
        facts = [head, item.times(), item.counts(), one_line(item.note), item.incident.known]
        examples = [f"  {cut(one_line(text), 2_000)}" for text in item.incident.examples]
        ends = [next_step(item, self.around), failed(self.settings.options)]
        return [one_line(f) for f in facts if f] + examples + [end for end in ends if end]

    def _page(self, notice: Notice) -> str:
        body = "".join(
            "<p>" + "<br>".join(html.escape(line) for line in paragraph.split("\n")) + "</p>"
            for paragraph in self._paragraphs(notice)
        )
        return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'


class _UndecidedError(Exception):
    """The mail may have been delivered."""


def _leave(server: smtplib.SMTP) -> None:
    """End the dialogue; what a server says to that is no longer about the mail."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _is_accepted(code: int) -> bool:
    """Return whether the first digit says so, which alone decides."""
    return code // 100 == 2


def _expect(answer: tuple[int, bytes]) -> None:
    if not _is_accepted(answer[0]):
        raise smtplib.SMTPResponseException(*answer)


def _status(code: int) -> Status:
    if code in (530, 534, 535, 538):
        return "broken"
    return "failed" if 400 <= code < 500 or code <= 0 else "refused"


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{error.smtp_code} {words}"
