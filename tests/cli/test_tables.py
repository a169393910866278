"""Tables that fit a terminal."""

from __future__ import annotations

import pytest

from fame_sql.cli.tables import print_table

pytestmark = pytest.mark.any_duckdb

ROW = (1, "service", "a message that is longer than the terminal is wide, by far", "end")
NAMES = ("log_id", "service_name", "body", "last")


@pytest.mark.parametrize(
    ("width", "hidden"), [(None, 0), (100, 0), (60, 0), (40, 0), (30, 2), (15, 3)]
)
def test_a_table_fits(capsys: pytest.CaptureFixture[str], width: int | None, hidden: int) -> None:
    assert print_table(NAMES, [ROW], width=width) == hidden
    lines = capsys.readouterr().out.splitlines()
    assert width is None or max(map(len, lines)) <= width
    assert lines[0].split() == list(NAMES[: len(NAMES) - hidden])
    assert (ROW[2] in lines[2]) == (width in (None, 100))


def test_names_of_columns_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("\x1b]0;owned\x07",), [("x",)])
    assert "\x1b" not in capsys.readouterr().out
