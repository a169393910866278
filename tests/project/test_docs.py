from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import generate
import pytest

from fame_sql.cli import main
from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.warehouse.comments import descriptions
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

DOCS = Path(__file__).parents[2] / "docs"
PROJECT = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
SQL_REFERENCE = (DOCS / "reference" / "sql.md").read_text()


def test_the_command_reference_is_that_of_the_commands() -> None:
    assert generate.COMMANDS.read_text() == generate.commands(), "run 'make docs'"


def test_every_command_has_an_example() -> None:
    examples = set(re.findall(r"^## (.+)$", (DOCS / "examples" / "commands.md").read_text(), re.M))
    assert set(_leaves("fame", main)) - examples == set()


def _leaves(name: str, command: click.Command) -> Iterator[str]:
    """Yield the names of all commands that do something."""
    if isinstance(command, click.Group):
        for inner, below in command.commands.items():
            yield from _leaves(f"{name} {inner}", below)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name


def test_the_reference_of_the_views_is_that_of_a_new_warehouse() -> None:
    assert generate.VIEWS.read_text() == generate.views(), "run 'make docs'"
    assert generate.REDACTION.read_text() == generate.redaction(), "run 'make docs'"


def test_no_meaning_is_left_of_a_column_that_is_gone() -> None:
    meanings = descriptions()
    page = (DOCS / "reference" / "views.md").read_text()
    described = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert set(meanings["columns"]) <= described
    headings = set(re.findall(r"^### (\w+)$", page, re.MULTILINE))
    assert set(meanings["relations"]) == headings


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_live_function_is_in_the_reference(function) -> None:
    returns = function.returns.split("(")[0]
    row = re.search(rf"^\| `{function.name}\(message\)` \| `([^`]+)`", SQL_REFERENCE, re.MULTILINE)
    assert row is not None
    assert row[1].startswith(returns)


def test_every_stored_function_is_in_the_reference_and_nothing_else(empty: Warehouse) -> None:
    macros = {
        row[0]
        for row in empty.rows(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE schema_name = 'fame'"
        )
    }
    assert set(re.findall(r"`fame\.(\w+)\(", SQL_REFERENCE)) == macros


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]:
        if page.parent.name == "examples":  # they become part of a page in another folder
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    listed = set(
        re.findall(r"[\w/-]+\.md$", (DOCS.parent / "mkdocs.yml").read_text(), re.MULTILINE)
    )
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert {page for page in pages if not page.startswith("examples/")} == listed


def test_the_presets_shown_are_those_of_the_package() -> None:
    page = (DOCS / "reference" / "configuration.md").read_text()
    for path in re.findall(r'--8<-- "([^"]+)"', page):
        assert (DOCS.parent / path).is_file()


def test_the_rooms_of_the_architecture_are_the_layers_of_the_imports() -> None:
    page = (DOCS / "architecture.md").read_text()
    table = page[page.index("| room |") : page.index("### Where the layers differ")]
    rooms = [set(re.findall(r"`(\w+)`", first)) for first in re.findall(r"^\|([^|]+)", table, re.M)]
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [room for room in rooms if room] == [set(re.findall(r"\w+", layer)) for layer in layers]


def test_every_target_that_is_named_is_in_the_makefile() -> None:
    root = DOCS.parent
    targets = set(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    pages = [*DOCS.rglob("*.md"), *root.glob("*.md"), root / ".github" / "workflows" / "ci.yml"]
    command = re.compile(r"(?:`|run: |^)make ([a-z0-9-]+)(?=`| *$| +#| [A-Z]+=)", re.MULTILINE)
    named = {
        (str(page.relative_to(root)), name)
        for page in pages
        if page.name != "CHANGELOG.md"
        for name in command.findall(page.read_text())
    }
    assert ("README.md", "demo") in named
    assert {(page, name) for page, name in named if name not in targets} == set()


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_every_extra_is_in_the_reference(extra: str) -> None:
    assert f"| `{extra}` |" in (DOCS / "reference" / "configuration.md").read_text()


def test_every_environment_variable_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "configuration.md").read_text()
    sources = [*(DOCS.parent / "fame_sql").rglob("*.py"), *DOCS.parent.glob("udfs/*.py")]
    names = {name for path in sources for name in re.findall(r'"(FAME_[A-Z_]+)"', path.read_text())}
    assert names
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_option_in_the_documentation_exists() -> None:
    wrong = [
        f"{page.relative_to(DOCS.parent)}: {written}"
        for page in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]
        if page.name != "CHANGELOG.md" and page.name != "commands.md"
        for written in re.findall(r"\bfame [a-z][^\n`|#&;)]*", page.read_text())
        if not _exists(written.split())
    ]
    assert wrong == []


def _exists(words: list[str]) -> bool:
    """Return whether a command has the options that it is written with."""
    command: click.Command = main
    for word in words[1:]:
        if isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
    known = {name for parameter in command.params for name in parameter.opts}
    known |= {name for parameter in command.params for name in parameter.secondary_opts}
    return {word for word in words if word.startswith("-") and len(word) > 1} <= known
