"""Messages of syslog in the bytes of a connection, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.serve.intake.framing import Frames
from fame_sql.serve.intake.syslog_rows import datagram

pytestmark = pytest.mark.any_duckdb

MOST = 40
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")
LONG = b"<13>" + b"x" * 60

# What is sent, and the messages in it.
CASES = {
    "counted": (b"9 <13>a\nb c9 <13>x y z", [b"<13>a\nb c", b"<13>x y z"]),
    "a line end after a counted one": (b"6 <13>ab\n6 <13>cd\n", [b"<13>ab", b"<13>cd"]),
    "a count that includes the line end": (b"7 <13>ab\n<14>cd\n", [b"<13>ab", b"<14>cd"]),
    "both on one connection": (b"6 <13>ab<14>cd\n6 <15>ef", [b"<13>ab", b"<14>cd", b"<15>ef"]),
    "lines": (b"<13>a\n<13>b\n", [b"<13>a", b"<13>b"]),
    "no line end at the end": (b"<13>a\n<13>b", [b"<13>a", b"<13>b"]),
    "CR LF and blank lines": (b"<13>a\r\n\r\n\n<13>b\r\n", [b"<13>a", b"<13>b"]),
    "null characters": (b"<13>a\0<13>b\0", [b"<13>a", b"<13>b"]),
    "numbers that are no counts": (
        b"200 OK\n404 <b>bold</b>\n12\n7 <13\n2024-01-02 x\n",
        [b"200 OK", b"404 <b>bold</b>", b"12", b"7 <13", b"2024-01-02 x"],
    ),
    "blanks at the beginning are text": (b"  <13>a\n", [b"  <13>a"]),
    "a count beyond all": (b"99999999999 <13>a\n<13>b\n", [b"99999999999 <13>a", b"<13>b"]),
    "nothing": (b"", []),
}
# What is sent, and the messages with what is wrong with them.
DAMAGED = {
    "a long line": (LONG + b"\n<13>b\n", [(LONG[:MOST], True), (b"<13>b", False)]),
    "a long line without an end": (LONG, [(LONG[:MOST], True)]),
    "a long counted one": (b"64 " + LONG + b"<13>b\n", [(LONG[:MOST], True), (b"<13>b", False)]),
    "a counted one that ends early": (b"30 <13>ab", [(b"<13>ab", True)]),
}


def _messages(data: bytes, *, step: int) -> list[tuple[bytes, bool]]:
    frames = Frames(MOST)
    found = [
        message
        for start in range(0, len(data), step)
        for message in frames.add(data[start : start + step])
    ]
    found += frames.end()
    return [(message.data, message.fault is not None) for message in found]


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("name", CASES)
def test_each_message_is_found(name: str, step: int) -> None:
    data, expected = CASES[name]
    assert _messages(data, step=step) == [(each, False) for each in expected]


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("name", DAMAGED)
def test_the_rest_of_what_is_cut_is_no_message(name: str, step: int) -> None:
    data, expected = DAMAGED[name]
    assert _messages(data, step=step) == expected


@given(
    st.lists(st.tuples(st.booleans(), st.text(_CHARACTERS))),
    st.integers(1, 50),
)
def test_framed_messages_come_back(messages: list[tuple[bool, str]], step: int) -> None:
    sent, expected = b"", []
    for is_counted, text in messages:
        data = b"<13>x" + text.encode()[: MOST - 5]
        sent += b"%d %b" % (len(data), data) if is_counted else data + b"\n"
        expected.append((data, False))
    assert _messages(sent, step=step) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<13>a\n<14>b", b"<13>a\n<14>b"),
        (b"<13>a \n\0", b"<13>a"),
        (b"12 <13>a", b"<13>a"),
        (b" \n", None),
        (b"", None),
    ],
)
def test_a_datagram_is_one_message(data: bytes, expected: bytes | None) -> None:
    found = datagram(data)
    assert (None if found is None else found.data) == expected
