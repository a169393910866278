"""Mail that is refused in part, at the end, or not at all answered; and TLS."""

from __future__ import annotations

from collections import deque

import pytest
from alert_scenarios import Play

pytestmark = pytest.mark.any_duckdb

SETTINGS = """
[retry]
first = "1m"
within = "1s"
[channels.mail]
kind = "email"
server = "env:SMTP"
tls = "none"
from = "fame@example.org"
to = ["night@example.org", "gone@example.org", "slow@example.org"]
"""


def _play(play: Play, minutes: int = 5) -> Play:
    play.set(SETTINGS)
    play.change("A", "opened")
    for _ in range(minutes):
        play.run()
        play.clock.sleep(61)
    return play


def test_who_has_got_a_mail_gets_no_other_when_it_is_repeated(play: Play) -> None:
    play.servers.recipients["gone@example.org"] = deque(["550 5.1.1 unknown"])
    play.servers.recipients["slow@example.org"] = deque(["450 4.7.1 greylisted", "250 fine"])
    _play(play)
    assert [to for _, to, _ in play.servers.mails] == [
        ("night@example.org",),
        ("slow@example.org",),
    ]
    assert len({mail["Message-ID"] for _, _, mail in play.servers.mails}) == 1
    sent = [delivery for report in play.reports for delivery in report.sent]
    assert [each.degraded for each in sent] == [
        "delivered to 2 of 3: gone@example.org refused: 550 5.1.1 unknown"
    ]


@pytest.mark.parametrize(
    ("data", "mails", "state"),
    [
        ("550 5.7.1 rejected", 0, "refused"),
        ("451 4.3.0 later", 0, "pending"),
        ("cut", 2, "unknown"),
    ],
)
def test_what_is_said_at_the_end_of_the_mail_counts(
    play: Play, data: str, mails: int, state: str
) -> None:
    play.servers.data.append(data)
    _play(play)
    with play.opened() as warehouse:
        assert warehouse.value("SELECT state FROM fame.alert_deliveries") == state
    assert len(play.servers.mails) <= mails
    assert len({mail["Message-ID"] for _, _, mail in play.servers.mails}) <= 1


@pytest.mark.parametrize("goodbye", ["421 4.4.2 timeout", "250 fine", "500 what"])
def test_what_is_said_at_the_goodbye_does_not_count(play: Play, goodbye: str) -> None:
    play.servers.goodbye = goodbye
    play.servers.data.append("200 taken")
    _play(play, minutes=1)
    assert [len(report.sent) for report in play.reports] == [1]


def test_letters_beyond_ascii_go_over_seven_bits(play: Play) -> None:
    play.set(SETTINGS)
    play.change("A", "opened", summary="größer")
    play.run()
    [(_, _, mail)] = play.servers.mails
    parts = [part["Content-Transfer-Encoding"] for part in mail.iter_parts()]
    assert set(parts) <= {"quoted-printable", "base64"}


def test_if_all_recipients_are_refused_it_is_not_tried_again_at_once(play: Play) -> None:
    for name in ("night", "gone", "slow"):
        play.servers.recipients[f"{name}@example.org"] = deque(["550 unknown"])
    _play(play)
    assert (
        len([line for line in play.servers.conversations if line.upper().startswith("RCPT")]) == 3
    )
    assert play.servers.mails == []


def test_without_starttls_nothing_is_sent_unless_that_is_wanted(play: Play) -> None:
    play.set(SETTINGS.replace('tls = "none"\n', ""))
    play.change("A", "opened")
    report = play.run()
    assert "offers no STARTTLS" in report.failed[0].reason
    assert not any(line.upper().startswith("MAIL") for line in play.servers.conversations)


def test_a_password_is_not_sent_without_tls(play: Play) -> None:
    play.environment["PASSWORD"] = "hush hush"
    play.set(SETTINGS + 'user = "me"\npassword = "env:PASSWORD"\n')
    play.change("A", "opened")
    report = play.run()
    assert "a password is not sent without TLS" in report.failed[0].reason
    assert not any("AUTH" in line for line in play.servers.conversations)
