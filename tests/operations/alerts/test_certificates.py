"""Certificates: of HTTPS, of mail with TLS from the start, and of mail with STARTTLS."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from tls_servers import CERTIFICATES, tls_server

from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.channels import Surroundings, open_channel
from fame_sql.operations.alerts.listing import sample
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.reading import read_settings
from fame_sql.operations.alerts.secrets import Secrets

pytestmark = pytest.mark.any_duckdb

NOW = datetime(2027, 3, 2, 8)
TRUSTED = f'ca_file = "{CERTIFICATES / "ca.pem"}"'
SCHEMES = ("https", "smtps", "smtp")


def sent(url: str, options: str) -> Outcome:
    """Send a message to a server by the channel that its address asks for."""
    if url.startswith("https"):
        kind = f'kind = "webhook"\nurl = "{url}/hook"\nproxy = "none"'
    else:
        kind = (
            f'kind = "email"\nserver = "{url}"\nfrom = "fame@example.org"\n'
            'to = "night@example.org"\nuser = "me"\npassword = "env:PASSWORD"'
        )
    settings = read_settings(f"[channels.out]\n{kind}\n{options}\n")
    around = Surroundings(Secrets({"PASSWORD": "not to be seen"}), lambda: NOW)
    return open_channel(settings.channels["out"], around).send([sample("out", NOW)], {})


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("certificate", "options", "says"),
    [
        ("right", TRUSTED, None),
        ("right", "", "not trusted"),
        ("wrong", TRUSTED, "not trusted"),
        ("expired", TRUSTED, "expired"),
        ("expired", "verify = false", None),
    ],
)
def test_only_a_certificate_that_can_be_trusted_is_sent_anything(
    scheme: str, certificate: str, options: str, says: str | None
) -> None:
    with tls_server(scheme, certificate) as server:
        outcome = sent(server.url, options)
    if says is None:
        assert outcome.status == "delivered", outcome.reason
        return
    assert outcome.status == "broken"
    assert says in outcome.reason
    assert "certificate of 127.0.0.1" in outcome.reason
    assert not any(line.split(" ")[0] in ("AUTH", "MAIL", "POST") for line in server.seen)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_certificates_of_the_environment_are_trusted(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))
    http.tls_context.cache_clear()
    with tls_server(scheme, "right") as server:
        assert sent(server.url, "").status == "delivered"
    http.tls_context.cache_clear()


def test_what_is_said_before_encryption_begins_is_not_believed() -> None:
    with tls_server("smtp", "right", injected=b"250 AUTH PLAIN\r\n235 come in\r\n") as server:
        assert sent(server.url, TRUSTED).status == "delivered"
    verbs = [line.split(" ")[0].upper() for line in server.seen]
    assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_a_server_without_tls_where_tls_is_expected_is_no_riddle() -> None:
    with tls_server("smtp", "right") as server:
        outcome = sent(server.url.replace("smtp:", "https:"), TRUSTED)
    assert outcome.status in ("broken", "failed", "unknown")
    assert outcome.reason.startswith(("no TLS with 127.0.0.1", "127.0.0.1"))


def test_certificates_that_are_not_checked_are_noted(tmp_path: Path) -> None:
    settings = read_settings(
        '[channels.out]\nkind = "webhook"\nurl = "https://example.org/h"\nverify = false\n'
    )
    assert "channel out: certificates are not checked" in settings.notes
