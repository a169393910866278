"""A value head in Python and in SQL: the same words, numbers, bins and scores, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.canonical.parameters import read_category, read_number, words_of
from fame_sql.errors import ModelError
from fame_sql.values.head import MOST, SCALE, Bin, ValueHead, kept_log_odds, score_of
from fame_sql.values.heads import FILE, NO_HEADS, ValueHeads
from fame_sql.warehouse import definitions

WORDS = (
    "disk",
    "98%",
    "-5",
    "+0.25ms",
    "t=12,",
    "(503)",
    "/etc/shadow",
    "/var/a/b",
    "1e5",
    "12.5.1",
    "\u00e9",
    "0x1F",
    "''",
    "{}",
    "97.0",
    "9999999999999999",
    "\u2028",
    "5\u00a06",
)
KINDS = st.sampled_from(("form", "unit", "path", "token"))
NUMBERS = st.one_of(st.none(), st.integers(-5, 600).map(float), st.floats(-1e9, 1e9))
MESSAGES = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=5).map("\t\n ".join),
)


@st.composite
def heads(draw: st.DrawFn) -> ValueHead:
    weights = st.integers(-8 * SCALE, 8 * SCALE)
    bins = []
    for place in draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)):
        if draw(st.booleans()):
            low, high = draw(NUMBERS), draw(NUMBERS)
            bins.append(Bin(place, "number", low, high, None, draw(weights)))
        else:
            kind, word = draw(KINDS), draw(st.sampled_from(WORDS))
            category = read_category(kind, word) or word
            bins.append(Bin(place, kind, None, None, category, draw(weights)))
    return ValueHead("t", draw(st.integers(0, SCALE)), draw(weights), tuple(bins))


@pytest.fixture(scope="module")
def connection(by_value: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(by_value), read_only=True) as opened:
        yield opened


@given(head=heads(), message=MESSAGES, score=st.integers(0, 10_000))
def test_sql_and_python_give_the_same_score(
    connection: duckdb.DuckDBPyConnection, head: ValueHead, message: str, score: int
) -> None:
    places = [
        {
            "place": place,
            "bins": [
                {name: getattr(one, name) for name in ("kind", "low", "high", "category", "weight")}
                for one in head.bins
                if one.place == place
            ],
        }
        for place in {one.place for one in head.bins}
    ]
    statement = """
        SELECT fame.value_bins(h, $message), fame.valued($score, NULL, h, $message)
        FROM (
            SELECT $head::STRUCT(kept BIGINT, "intercept" BIGINT, places STRUCT(
                place INTEGER, bins STRUCT(
                    kind VARCHAR, low DOUBLE, high DOUBLE, category VARCHAR, weight BIGINT
                )[]
            )[]) AS h
        )
    """
    stored = {"kept": head.keep, "intercept": head.intercept, "places": places}
    given_score = score / 10_000
    parameters = {"head": stored, "message": message, "score": given_score}
    [row] = connection.execute(statement, parameters).fetchall()
    assert row == (sum(b.weight for b, _ in head.held(message)), head.score(message, given_score))


def test_no_engine_can_round_a_score_differently() -> None:
    """Between integers and four decimals no float comes near a number that is rounded."""
    for step in range(1, 10_000):
        log_odds = math.log(step / (10_000 - step)) * SCALE
        assert abs(log_odds - math.floor(log_odds) - 0.5) > 1e-6
    for step in range(10_000):
        edge = (step + 0.5) / 10_000
        exact = math.log(edge / (1 - edge)) * SCALE
        if abs(exact) <= MOST:
            nearest = abs(exact - round(exact)) / SCALE * edge * (1 - edge)
            assert nearest > 4 * math.ulp(edge)


@pytest.mark.parametrize(
    ("word", "number", "unit", "path"),
    [
        ("98%", 98.0, "%", None),
        ("took=0.25ms,", 0.25, "ms", None),
        ("(503)", 503.0, "", None),
        ("-7", -7.0, "", None),
        ("dev-17", None, None, None),
        ("10.0.0.1", None, None, None),
        ("/etc/ssh/sshd_config", None, None, "/etc/ssh"),
        ('"/tmp', None, None, "/tmp"),
        ("12345678901234567", None, None, None),
    ],
)
def test_a_word_is_read(
    word: str, number: float | None, unit: str | None, path: str | None
) -> None:
    found = (read_number(word), read_category("unit", word), read_category("path", word))
    assert found == (number, unit, path)


def test_only_ascii_white_space_divides_words() -> None:
    assert words_of(" \ta\u00a0b  c\n\x0bd\u2028e ") == ["a\u00a0b", "c", "d\u2028e"]


def test_a_sum_beyond_the_limits_stays_a_score() -> None:
    assert (score_of(10**12), score_of(-(10**12)), score_of(0)) == (1.0, 0.0, 0.5)
    assert kept_log_odds(SCALE, 0.0) == -kept_log_odds(SCALE, 1.0) == kept_log_odds(SCALE, 0.0001)


def test_heads_are_stored_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    head = ValueHead("t", 5, 7, (Bin(2, "number", None, 96.5, None, 3),))
    ValueHeads.of([head]).save(tmp_path)
    assert ValueHeads.load(tmp_path).by_template == {"t": head}
    (tmp_path / FILE).write_text('[{"template_id": "t"}]')
    with pytest.raises(ModelError, match="train again"):
        ValueHeads.load(tmp_path)
    (tmp_path / FILE).unlink()
    assert ValueHeads.load(tmp_path) is NO_HEADS


def test_the_macros_exist_in_every_warehouse() -> None:
    assert {"fame.valued", "fame.value_bins", "fame.value_heads"} <= set(
        definitions.defined_names()
    )
