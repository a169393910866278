"""The words of the user's own systems, in files that an environment variable names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.redaction import words
from fame_sql.redaction.masks import mask_text, mask_version
from fame_sql.redaction.own_words import VARIABLE

pytestmark = pytest.mark.any_duckdb

LINE = "connection of zephyrix to the broker failed after Frobnik restarted"
CACHED = (words._vocabulary, words._common_words, words.is_word, words.is_known, mask_version)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Read the lists again, before and after."""
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


def named(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    monkeypatch.setenv(VARIABLE, os.pathsep.join(map(str, paths)))


def test_they_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, version = mask_text(LINE, Counter()), mask_version()
    assert "zephyrix" not in before
    assert "Frobnik" not in before
    for function in CACHED:
        function.cache_clear()
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("# products\nZephyrix\n", encoding="utf-8")
    two.write_text("other frobnik\n", encoding="utf-8")
    named(monkeypatch, one, two)
    assert mask_text(LINE, Counter()) == LINE
    assert mask_version() != version


@pytest.mark.parametrize("content", [None, b"caf\xe9"])
def test_a_file_that_is_not_text_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    named(monkeypatch, path)
    with pytest.raises(InputError, match=r"words\.txt in \$FAME_WORDS cannot be read"):
        mask_text(LINE, Counter())
