"""The code in the documentation works, and prints what the pages show."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
import snippets

from fame_sql.students import StudentConfig

pytestmark = pytest.mark.any_duckdb

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_students(monkeypatch: pytest.MonkeyPatch, tiny: StudentConfig) -> None:
    """Train by default what takes seconds; the pages show what full students say."""
    smaller = replace(tiny, min_steps=40, max_steps=40)
    small = tuple(getattr(smaller, field.name) for field in fields(StudentConfig))
    monkeypatch.setattr(StudentConfig.__init__, "__defaults__", small)


@pytest.mark.slow
@pytest.mark.usefixtures("small_students")
def test_the_code_of_every_page_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = snippets.Runner()
    differences = [text for page in snippets.PAGES for text in snippets.check(ROOT / page, runner)]
    assert not differences, "\n".join(differences)


def test_every_page_with_code_to_run_is_run() -> None:
    docs = ROOT / "docs"
    pages = [*docs.glob("start/*.md"), *docs.glob("tutorials/*.md"), *docs.glob("examples/*.md")]
    assert {str(page.relative_to(ROOT)) for page in pages} == set(snippets.PAGES) - {"README.md"}


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("a 1\nb 2", "a  1\n\nb 2", True),
        ("a 1", "a 2", False),
        ("score 0.991", "score 0.9912", True),
        ("score 0.5", "score 0.6", False),
        ("took 3.1 s", "took 12 s", True),
        ("model 501e7391943c", "model ffffffffffff", True),
        ("first\n…\nlast", "first\nsecond\nthird\nlast", True),
        ("first\n…", "other\nsecond", False),
        ("one\ntwo", "one", False),
    ],
)
def test_what_counts_as_the_same_output(shown: str, printed: str, equal: bool) -> None:
    assert snippets.same(shown, printed) is equal


def test_numbers_of_a_model_may_vary_and_nothing_else() -> None:
    assert snippets.same("a  1 0.5", "a 297 0.9", any_number=True)
    assert not snippets.same("a 1", "b 1", any_number=True)


def test_a_block_is_left_out_only_with_a_reason() -> None:
    page = "<!-- not run: needs a server -->\n```sh\nfalse\n```\n\n```sh\ntrue\n```\n"
    assert [snippet.reason for snippet in snippets.snippets(page)] == ["needs a server", None]


def test_what_follows_directly_is_the_output() -> None:
    shown = "```sh\nls\n```\n\n<!-- numbers vary -->\n```text\na\n```\n"
    page = f"{shown}\n```sh\nls\n```\nText.\n\n```text\nb\n```\n"
    found = [(snippet.output, snippet.how) for snippet in snippets.snippets(page)]
    assert found == [("a\n", "numbers vary"), (None, None)]
