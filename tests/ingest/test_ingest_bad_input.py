"""What cannot be used is refused with a next step, and the warehouse stays as it was."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.ingest.encodings import ENCODINGS, resolve_encoding
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("bad")
    good = folder / "good.log"
    good.write_text("one\ntwo\n", encoding="utf-8")
    with Warehouse.open(folder / "w.duckdb", create=True) as opened:
        ingest_file(opened, good)
        yield opened


def contents(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    return [
        warehouse.rows(f"SELECT * FROM fame.{table} ORDER BY ALL")
        for table in ("logs", "ingests", "events")
    ]


def written(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


CASES: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "missing": (lambda path: None, {}, r"there is no file .*source\.log: check"),
    "folder": (Path.mkdir, {}, r"is a folder: name the log files"),
    "pipe": (os.mkfifo, {}, r"is not a regular file: save"),
    "empty": (written(b""), {}, r"source\.log is empty: name a file"),
    "blank": (written(b"\xef\xbb\xbf\n \r\n\t\n"), {}, r"is empty"),
    "empty gzip": (written(gzip.compress(b"")), {}, r"is empty"),
    "binary": (written(bytes(range(256)) * 40), {}, r"is a binary file \(11% control bytes\)"),
    "nulls": (written(b"SQLite format 3\0" + b"\0" * 5000), {}, r"is a binary file"),
    "damaged gzip": (
        written(gzip.compress(os.urandom(5000).hex().encode())[:-2000]),
        {},
        r"is damaged .*: decompress the readable part",
    ),
    "zstd": (written(b"\x28\xb5\x2f\xfd abc"), {}, r"is damaged"),
    "zip": (written(b"PK\x03\x04 abc"), {}, r"unpack it with 'unzip'"),
    "parquet": (written(b"PAR1 abc"), {}, r"is a Parquet file"),
    "event log": (written(b"ElfFile\x00 abc"), {}, r"is a Windows event log"),
    "utf-16 and other lines": (
        written("one\n".encode("utf-16") + b"two\n" * 9),
        {},
        r"begins in UTF-16 and has lines in another encoding.* --encoding utf-16 to load it",
    ),
    "lines of utf-16 after others": (
        written(b"two\n" + "one line\n".encode("utf-16-le")),
        {},
        r"is a binary file",
    ),
    "latin-1": (
        written("café\nok\nolé\n".encode("latin-1") + b"ok\n" * 30),
        {},
        r"2 of the first 33 lines .* --encoding latin-1, or with --encoding utf-8",
    ),
    "cp1252": (written("5 €\n6 €\n".encode("cp1252")), {}, r"with --encoding cp1252, or"),
    "utf-16 unmarked": (
        written("one\n".encode("utf-16-be")),
        {"encoding": "utf-16"},
        r"has no byte order mark.* --encoding utf-16-le .*, --encoding utf-16-be, or auto$",
    ),
    "utf-32 unmarked": (
        written("one\n".encode("utf-32-le")),
        {"encoding": "utf-32"},
        r"has no byte order mark",
    ),
    "unknown encoding": (
        written(b"one\n"),
        {"encoding": "klingon"},
        r"unknown encoding 'klingon': use --encoding with auto or one of utf-8, utf-16, ",
    ),
    "codec that is no encoding": (
        written(b"one\n"),
        {"encoding": "rot13"},
        r"encoding 'rot13'",
    ),
    "null in the encoding": (written(b"one\n"), {"encoding": "a\0"}, r"unknown encoding"),
    "unknown format": (
        written(b"one\n"),
        {"format": "xml"},
        r"unknown format 'xml': use --format with auto or one of bgl, thunderbird, .*klog, text",
    ),
    "other format": (written(b"one\n"), {"format": "jsonl"}, r"again with --format text"),
    "chunk of nothing": (written(b"one\n"), {"chunk_lines": 0}, r"chunk_lines is 0: use 1"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused(warehouse: Warehouse, tmp_path: Path, case: str) -> None:
    prepare, options, message = CASES[case]
    path = tmp_path / "source.log"
    prepare(path)
    before = contents(warehouse)
    with pytest.raises(InputError, match=message) as raised:
        ingest_file(warehouse, path, **options)
    assert "\n" not in str(raised.value)
    assert contents(warehouse) == before


ACCEPTED: dict[str, tuple[bytes, dict[str, Any], list[tuple[str, str | None]]]] = {
    "a null deep in a text": (
        b"fine line\n" * 200_000 + b"nul \0 here",
        {},
        [*[("fine line", None)] * 200_000, ("nul \0 here", None)],
    ),
    "one invalid line": (
        b"ok\nbad \xff\xfe\n" + b"ok\n" * 3,
        {},
        [("ok", None), ("bad \\xff\\xfe", "invalid UTF-8 at byte 5 of the line")]
        + [("ok", None)] * 3,
    ),
    "invalid, taken as it is": (
        b"\xe9\n\xe8\n",
        {"encoding": "UTF8"},
        [
            ("\\xe9", "invalid UTF-8 at byte 1 of the line"),
            ("\\xe8", "invalid UTF-8 at byte 1 of the line"),
        ],
    ),
    "latin-1": (b"\xe9\n\xe8\n", {"encoding": "ISO-8859-1"}, [("é", None), ("è", None)]),
    "utf-16 marked": ("one\n".encode("utf-16"), {}, [("one", None)]),
    "utf-32 marked": ("one\n".encode("utf-32"), {}, [("one", None)]),
    "utf-16-le unmarked": ("one €\n".encode("utf-16-le") * 9, {}, [("one €", None)] * 9),
    "utf-16-be unmarked": ("one €\n".encode("utf-16-be") * 9, {}, [("one €", None)] * 9),
    "half a character of utf-16": (
        "ab\n".encode("utf-16-le") + b"c",
        {"encoding": "utf-16-le"},
        [("ab", None), ("\\x63", None)],
    ),
    "escape sequences": (b"\x1b[31mred\x1b[0m\n", {}, [("red", None)]),
    "a file that only looks packed": (b"BZhello\n", {}, [("BZhello", None)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ACCEPTED)
def test_odd_input_is_kept(warehouse: Warehouse, tmp_path: Path, case: str) -> None:
    data, options, expected = ACCEPTED[case]
    path = tmp_path / "source.log"
    path.write_bytes(data)
    report = ingest_file(warehouse, path, format="text", **options)
    found = warehouse.rows(
        "SELECT body, parse_error FROM fame.logs WHERE source_path = ? ORDER BY line_number",
        [str(path)],
    )
    assert found == expected
    assert report.errors == sum(fault is not None for _, fault in expected)


def test_invalid_bytes_do_not_stop_the_parsing(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "source.log"
    path.write_bytes(b"2024-01-01 00:00:00 WARN bad \xff\n")
    ingest_file(warehouse, path)
    found = warehouse.rows(
        "SELECT timestamp::VARCHAR, severity_text, body, parse_error FROM fame.logs "
        "WHERE source_path = ?",
        [str(path)],
    )
    fault = "invalid UTF-8 at byte 30 of the line"
    assert found == [("2024-01-01 00:00:00", "WARN", "bad \\xff", fault)]


@pytest.mark.parametrize("name", [*ENCODINGS, "auto"])
def test_encodings_are_known_by_their_own_names(name: str) -> None:
    assert resolve_encoding(name) == name


@pytest.mark.parametrize(
    ("name", "meant"), [("UTF8", "utf-8"), ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252")]
)
def test_encodings_are_known_by_other_names(name: str, meant: str) -> None:
    assert resolve_encoding(name) == meant
