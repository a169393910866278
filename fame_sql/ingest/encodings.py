"""Detection of the encoding of a source, and of files that are not text."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from fame_sql.errors import InputError

ENCODINGS = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
    "latin-1",
    "iso-8859-2",
    "iso-8859-15",
    "cp1250",
    "cp1251",
    "cp1252",
    "koi8-r",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "big5",
)
"""The values of ``encoding`` besides ``auto``; any name that Python has for them is accepted."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Tab, line feed, vertical tab, form feed, carriage return and escape are common in logs.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\x0b\f\r\x1b"})

_MOST_CONTROLS = 0.05
"""Maximum share of control bytes in text; compressed data has about one ninth."""

# Text in UTF-16 or UTF-32 has no more than three in a row.
_NULL_BLOCK = re.compile(rb"\x00{8,}")

_MOST_INVALID = 0.05
"""Maximum share of lines with invalid UTF-8; above it the file has another encoding."""


def resolve_encoding(name: str) -> str:
    """Return the entry of :data:`ENCODINGS` for ``name``, or ``auto``.

    Raises
    ------
    InputError
        If there is none.
    """
    if name == "auto":
        return name
    try:
        wanted = codecs.lookup(name).name
    except (LookupError, ValueError):
        wanted = ""
    for known in ENCODINGS:
        if wanted == codecs.lookup(known).name:
            return known
    raise InputError(
        f"unknown encoding {name!r}: use --encoding with auto or one of {', '.join(ENCODINGS)}"
    )


def check_utf8(path: Path, head: bytes) -> None:
    """Check that a source that begins with the bytes ``head`` is UTF-8.

    Raises
    ------
    InputError
        If it has another encoding or is not text; the message says what to do.
    """
    head = _without_null_blocks(head)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _MOST_CONTROLS * len(head):
        raise InputError(
            f"{path} is a binary file ({controls / len(head):.0%} control bytes): name a text "
            "file, or load it as text with --encoding latin-1"
        )
    invalid, lines = _count_invalid(head)
    if invalid >= 2 and invalid > _MOST_INVALID * lines:
        raise InputError(
            f"{path} is not UTF-8 ({invalid} of the first {lines} lines are invalid): run "
            f"again with --encoding {_narrow_encoding(head)}, or with --encoding utf-8 to load it "
            "without this check"
        )


def _without_null_blocks(head: bytes) -> bytes:
    """Return lines without the blocks of null bytes that a crash or a truncation leaves."""
    rest = _NULL_BLOCK.sub(b"", head)
    return rest if b"\n" in rest else head


def wide_encoding(path: Path, head: bytes) -> str | None:
    """Return the encoding of a source whose characters have two or four bytes; None for others.

    It is certain only by a mark at the beginning, or by null bytes at every second place.

    Parameters
    ----------
    path : Path
        The source, for the message.
    head : bytes
        The beginning of the source, as it is stored.

    Raises
    ------
    InputError
        If some of its lines have another encoding.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            if _has_other_lines(name, head):
                raise InputError(
                    f"{path} begins in {name.upper()} and has lines in another encoding, as a "
                    "program leaves them that appends to it: split it there, or run again with "
                    f"--encoding {name} to load it without this check"
                )
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.4 * half and even < 0.1 * half:
        return _if_text("utf-16-le", head)
    if even > 0.4 * half and odd < 0.1 * half:
        return _if_text("utf-16-be", head)
    return None


def _if_text(name: str, head: bytes) -> str | None:
    """Return an encoding if the bytes are lines of text in it."""
    try:
        text = codecs.getincrementaldecoder(name)("strict").decode(head)
    except UnicodeDecodeError:
        return None
    is_text = "\n" in text and "\0" not in text and not _has_other_lines(name, head)
    return name if is_text else None


def _has_other_lines(name: str, head: bytes) -> bool:
    """Return whether line feeds of a text are no character of its encoding."""
    text = codecs.getincrementaldecoder(name)("replace").decode(head)
    # Few characters of other scripts have the byte of a line feed in them.
    return head.count(b"\n") > 1.05 * text.count("\n") + len(text) / 1000


def _narrow_encoding(head: bytes) -> str:
    """Guess an 8-bit encoding: Windows-1252 has characters where ISO 8859-1 has control codes."""
    if not any(byte in head for byte in range(0x80, 0xA0)):
        return "latin-1"
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _count_invalid(head: bytes) -> tuple[int, int]:
    # The last line may be cut inside a character.
    whole = (head[: head.rfind(b"\n")] if b"\n" in head else head).split(b"\n")
    if _is_utf8(b"\n".join(whole)):
        return 0, len(whole)
    return sum(not _is_utf8(line) for line in whole), len(whole)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
