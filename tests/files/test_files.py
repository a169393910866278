from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.files import check_new, new_file, read_text, write_text

pytestmark = pytest.mark.any_duckdb


def test_a_file_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write_text(path, "first\n")
    with pytest.raises(InputError, match=r"out.txt exists: .*--force"):
        write_text(path, "second\n")
    assert read_text(path) == "first\n"
    write_text(path, "second\r\n", force=True)
    assert path.read_bytes() == b"second\r\n"
    assert [file.name for file in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize(
    ("name", "reason"), [("no/out.txt", "there is no folder"), (".", "it is a folder")]
)
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        check_new(tmp_path / name)


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "out.txt", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    with suppress(ZeroDivisionError), new_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_device_is_written_to(tmp_path: Path) -> None:
    write_text(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()
