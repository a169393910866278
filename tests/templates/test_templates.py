from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.errors import InputError, MissingStageError
from fame_sql.templates import matching
from fame_sql.templates.matching import match_events
from fame_sql.templates.mining import mine, mine_texts
from fame_sql.templates.templates import Template, TemplateSet
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

TEXTS = [
    "connection from <id> closed",
    "connection from <id> opened",
    "disk full on <path>",
    "user root logged in",
    "user alice logged in",
    "shutdown",
]


def test_words_that_differ_become_wildcards() -> None:
    found = [template.text for template in mine_texts(TEXTS)]
    assert found == [
        "connection from <id> <*>",
        "disk full on <path>",
        "user <*> logged in",
        "shutdown",
    ]


def test_identities_are_content_hashes() -> None:
    assert Template.of("disk full") == Template.of("disk full")
    assert Template.of("disk full").template_id != Template.of("disk failed").template_id


@given(st.lists(st.text(alphabet="ab <*>id\t", max_size=30), max_size=30))
def test_mined_texts_match_and_matching_changes_nothing(texts: list[str]) -> None:
    known = TemplateSet(tuple(mine_texts(texts)))
    first = [known.match(text) for text in texts]
    assert all(template is not None for template in first)
    assert [known.match(text) for text in reversed(texts)] == first[::-1]


def test_a_text_with_other_words_matches_nothing() -> None:
    known = TemplateSet(tuple(mine_texts(TEXTS)))
    assert known.match("user bob logged in") == Template.of("user <*> logged in")
    assert known.match("user bob logged out") is None
    assert known.match("never seen before") is None
    assert known.match("") is None


def _load(warehouse: Warehouse, bodies: list[str], first_line: int = 1) -> None:
    """Put messages one second apart into the warehouse, as an ingest would."""
    from fame_sql.events.events import absorb

    count = len(bodies)
    lines = list(range(first_line, first_line + count))
    table = pa.table(
        {
            "body": bodies,
            "line_number": pa.array(lines, pa.int64()),
            "seconds": pa.array([float(line) for line in lines]),
        }
    )
    with warehouse.transaction():
        warehouse.with_table(
            "given",
            table,
            """
            CREATE OR REPLACE TEMP TABLE incoming AS
            SELECT * EXCLUDE (log_id, event_id), 0::BIGINT AS place FROM fame.logs LIMIT 0;
            INSERT INTO incoming BY NAME
            SELECT body, line_number, line_number AS place,
                make_timestamp((seconds * 1000000)::BIGINT) AS timestamp,
                make_timestamp(0) AS observed_timestamp, 'given' AS source_path,
                0 AS byte_offset, 1 AS line_count, 1 AS ingest_id, 'text' AS parser
            FROM given
            """,
        )
        absorb(warehouse.connection)


def _templates(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.rows("SELECT template_id, template FROM fame.templates"))


def test_mining_looks_at_the_training_period_only(empty: Warehouse) -> None:
    _load(empty, TEXTS * 10 + ["a late and unheard of message"] * 5)
    report = mine(empty, fraction=60 / 65)
    assert report.training_lines == 60
    assert "a late and unheard of message" not in _templates(empty).values()
    assert empty.rows("SELECT DISTINCT canonical FROM unmatched") == [
        ("a late and unheard of message",)
    ]
    assert report.unmatched == 1


def test_mining_again_keeps_identities_and_adds_new_templates(empty: Warehouse) -> None:
    _load(empty, TEXTS * 10)
    mine(empty, fraction=1)
    before = _templates(empty)
    _load(empty, ["fan speed low", "user eve logged in"] * 3, first_line=100)
    assert match_events(empty) == 1
    assert mine(empty, fraction=1).new == 1
    after = _templates(empty)
    assert before.items() < after.items()
    assert set(after.values()) - set(before.values()) == {"fan speed low"}
    assert mine(empty, fraction=1).new == 0
    assert empty.value("SELECT count(*) FROM unmatched") == 0


def test_the_split_cuts_lines_of_one_instant_by_their_order(empty: Warehouse) -> None:
    _load(empty, [f"word{chr(97 + i % 26)} again" for i in range(50)])
    empty.connection.execute("UPDATE fame.logs SET timestamp = make_timestamp(0)")
    mine(empty, fraction=0.5, calibration=0.2)
    rows = dict(empty.rows("SELECT period, count(*) FROM fame.log_periods GROUP BY period"))
    assert rows == {"training": 20, "calibration": 5, "later": 25}
    last = empty.value("SELECT max(log_id) FROM fame.log_periods WHERE period <> 'later'")
    assert last == 25


def test_templates_reconcile_with_lines(opened: Warehouse) -> None:
    counted = opened.value("SELECT sum(lines) FROM fame.templates")
    unmatched = opened.value("SELECT count(*) FROM unmatched")
    assert counted + unmatched == opened.value("SELECT count(event_id) FROM fame.logs")
    assert unmatched > 0


def test_mining_an_empty_warehouse(empty: Warehouse) -> None:
    with pytest.raises(MissingStageError, match="fame ingest"):
        mine(empty)


@pytest.mark.parametrize("fraction", [0, -1, 1.5, float("nan")])
def test_a_split_out_of_range(empty: Warehouse, fraction: float) -> None:
    with pytest.raises(InputError, match="split"):
        mine(empty, fraction=fraction)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_size_of_a_slice_changes_nothing(
    compiled: Path, copied: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "SLICE", size)
    assigned = "SELECT event_id, template_id FROM fame.events ORDER BY event_id"
    with Warehouse.open(compiled, read_only=True) as warehouse:
        expected = warehouse.rows(assigned)
    with Warehouse.open(copied) as warehouse:
        warehouse.connection.execute("UPDATE fame.events SET template_id = NULL")
        assert match_events(warehouse) == sum(row[1] is not None for row in expected)
        assert warehouse.rows(assigned) == expected
