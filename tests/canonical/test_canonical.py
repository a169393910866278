from __future__ import annotations

import time

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.canonical.canonical import Mask, Recipe, default_recipe, event_hash
from fame_sql.errors import InputError

RECIPE = default_recipe()
SYSTEMS = [
    "Android",
    "Apache",
    "BGL",
    "HDFS",
    "HPC",
    "Hadoop",
    "HealthApp",
    "Linux",
    "Mac",
    "OpenSSH",
    "OpenStack",
    "Proxifier",
    "Spark",
    "Thunderbird",
    "Windows",
    "Zookeeper",
]


@pytest.mark.parametrize(
    ("message", "canonical"),
    [
        ("generating core.1234", "generating core.<id>"),
        ("open /var/log/app.log failed", "open var<path> failed"),
        ("open /data failed", "open <path> failed"),
        ("read /10.2.3.4/x and /Users/ann/x", "read <path> and <path>"),
        ("(/a/b /c/d,/e/f/)", "(a<path> c<path>,e<path>)"),
        ("http://host/x/y", "http:/<path>"),
        ("from 10.2.3.4:5010 to host-7.example", "from <id> to <id>.example"),
        ("at 12:30:07.123 took 1.5 s", "at <id> took <id> s"),
        ("blk_-1608999687919862906 terminating", "<id> terminating"),
        ("0x0b85eee0, mask 0x05", "<id>, mask <id>"),
        ("exit status 0, then 137", "exit status 0, then 1##"),
        ('"GET /api/v2/users/17 HTTP/1.1" 503 1234', '"GET api<path> HTTP<path>" 5## <id>'),
        ("/home is 98% full, /var 7%", "<path> is 9#% full, <path> 7%"),
        ("100%, 99, 9", "1##%, 9#, 9"),
        ("nothing to mask", "nothing to mask"),
        ("", ""),
        ("exit 1000\nnext\ttab", "exit <id>\nnext\ttab"),
        ("été 4242 ünïcode/path/x", "été <id> ünïcode<path>"),
    ],
)
def test_masks_of_messages(message: str, canonical: str) -> None:
    assert RECIPE.text(message) == canonical


def _sql(messages: list[str | None]) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.register("messages", pa.table({"i": range(len(messages)), "m": messages}))
        rows = connection.execute(f"SELECT {RECIPE.sql('m')} FROM messages ORDER BY i").fetchall()
        connection.unregister("messages")
    return [row[0] for row in rows]


def _engines(messages: list[str]) -> tuple[list[str | None], ...]:
    """Return what DuckDB, Arrow and Python make of messages."""
    arrow = RECIPE.arrow(pa.array(messages, pa.string())).to_pylist()
    return _sql([*messages]), arrow, [RECIPE.text(message) for message in messages]


@pytest.mark.slow
@given(st.lists(st.text(), min_size=1, max_size=20))
def test_engines_agree_on_any_text(messages: list[str]) -> None:
    in_sql, in_arrow, in_python = _engines(messages)
    assert in_sql == in_arrow == in_python


LOG_LIKE = st.text(alphabet="aZ09 /-_.:<>id%@~é\x00\n\t=\\'\"$", max_size=60)


@pytest.mark.slow
@given(st.lists(LOG_LIKE, min_size=1, max_size=30))
def test_engines_agree_on_text_full_of_marks(messages: list[str]) -> None:
    in_sql, in_arrow, in_python = _engines(messages)
    assert in_sql == in_arrow == in_python


NUMBERS = st.lists(
    st.sampled_from(
        [
            *("7", "42", "503", "1777", "1.5", "10.2.3.4", "a1", "A0", "A0.5", "-9", "x", "é"),
            *("<id>", " ", ".", ":", "/", "//", "/a/", "/ab.", "-", "_", "%", "@", "~", "+", "="),
            *("\\", "\t"),
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.any_duckdb
@given(st.lists(NUMBERS, min_size=1, max_size=200))
def test_keys_have_the_canonical_text_of_their_message(messages: list[str]) -> None:
    key = RECIPE.key_sql("m")
    with duckdb.connect() as connection:
        connection.register("messages", pa.table({"m": messages}))
        different = connection.execute(
            f"""
            SELECT m, {RECIPE.sql("m")} AS wanted, {RECIPE.sql("key")} AS by_key,
                {RECIPE.sql("short")} AS by_short_key
            FROM (SELECT *, {RECIPE.short_key_sql("key")} AS short FROM
                (SELECT m, {key} AS key FROM messages))
            WHERE wanted <> by_key OR wanted <> by_short_key
            """
        ).fetchall()
        connection.unregister("messages")
    assert different == []


@pytest.mark.slow
@given(LOG_LIKE)
def test_canonical_text_is_its_own_canonical_text(message: str) -> None:
    once = RECIPE.text(message)
    assert RECIPE.text(once) == once


@pytest.mark.slow
def test_engines_agree_beyond_the_length_that_counts() -> None:
    longest = ["word 1777 é/x/y " * 2000, "é" * 9000, "a" * 8191 + "1b"]
    in_sql, in_arrow, in_python = _engines(longest)
    assert in_sql == in_arrow == in_python


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_engines_agree_on_every_line_of_loghub(loghub, system: str) -> None:
    raw = (loghub / system / f"{system}_2k.log").read_bytes()
    lines = [line.decode("utf-8", "backslashreplace") for line in raw.splitlines()]
    assert len(lines) >= 1999
    in_sql, in_arrow, in_python = _engines(lines)
    assert in_sql == in_arrow == in_python


@pytest.mark.any_duckdb
@pytest.mark.parametrize("part", ["a", "a-", "1.", "/a", "<id>.", "é", "\ud800"])
def test_a_hostile_text_takes_no_longer_than_any_other(part: str) -> None:
    text = (part * 8192)[:8192]
    start = time.process_time()
    RECIPE.text(text)
    assert time.process_time() - start < 1


def test_null_stays_null() -> None:
    assert _sql([None, "a 1999"]) == [None, "a <id>"]
    assert RECIPE.arrow(pa.array([None, "a 1999"])).to_pylist() == [None, "a <id>"]


def test_identity_is_md5_on_every_engine() -> None:
    text = "core.<id> é"
    assert duckdb.execute("SELECT md5(?)", [text]).fetchall() == [(event_hash(text),)]


def test_a_recipe_survives_json_and_has_a_version_of_its_content() -> None:
    assert Recipe.from_json(RECIPE.to_json()) == RECIPE
    other = Recipe((*RECIPE.masks, Mask("word", "root", "<user>")))
    assert other.version != RECIPE.version
    assert Recipe.from_json(RECIPE.to_json()).version == RECIPE.version


@pytest.mark.parametrize(
    ("pattern", "placeholder"),
    [
        (r"(?<=x)1", "<id>"),
        (r"(a)\1", "<id>"),
        (r"\d+", "<id>"),
        ("a", r"\1"),
        ("(a)", r"\2"),
        ("(a)", "\\"),
        ("a", "$1"),
        ("[a", "<id>"),
    ],
)
def test_a_mask_that_engines_read_differently_is_refused(pattern: str, placeholder: str) -> None:
    with pytest.raises(InputError, match="mask 'odd'"):
        Mask("odd", pattern, placeholder)


def test_a_pattern_with_quotes_is_data() -> None:
    recipe = Recipe((Mask("quoted", "it's [0-9]+", "'; DROP TABLE logs; --"),))
    text = duckdb.execute(f"SELECT {recipe.sql('?')}", ["so it's 42"]).fetchall()[0][0]
    assert text == "so '; DROP TABLE logs; --" == recipe.text("so it's 42")
