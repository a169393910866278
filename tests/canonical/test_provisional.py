"""Provisional templates: a pure function of the canonical text, the same in SQL and in Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.canonical.provisional import provisional_id, provisional_template
from fame_sql.templates.mining import adopted_templates
from fame_sql.warehouse.warehouse import Warehouse

PIECES = st.sampled_from(
    (
        *(
            "disk",
            "at",
            "<id>",
            "<*>",
            "9#%",
            "5##",
            " ",
            "  ",
            "=",
            "<",
            ">",
            "#",
            "7",
            "\n",
            "\t",
        ),
        *("home<path>", "user=", "<a b>", "ü", "状態", "\u2003", "a<<b>", ""),
    )
)


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    ("canonical", "template"),
    [
        ("link is down", "link is down"),
        (
            "generated 6# core files for program bgl<path>",
            "generated <*> core files for program <*>",
        ),
        ("torus receiver y+ failed (dcr <id>)", "torus receiver y+ failed (dcr <*>"),
        ("user=<id> status=5## path=<path>", "user=<*> status=<*> path=<*>"),
        ("<id>", "<*>"),
        ("", ""),
    ],
)
def test_words_with_values_become_wildcards(canonical: str, template: str) -> None:
    assert provisional_template(canonical) == template


def test_sql_and_python_agree_on_any_text(empty: Warehouse) -> None:
    asked = "SELECT fame.provisional_template($1), fame.provisional_id($1)"

    @given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40))
    def agree(text: str) -> None:
        text = text.encode("utf-8", "ignore").decode().replace("\0", "")
        [found] = empty.rows(asked, [text])
        assert found == (provisional_template(text), provisional_id(text))

    agree()


@pytest.mark.any_duckdb
@given(st.lists(PIECES, min_size=1, max_size=12).map("".join))
def test_what_is_adopted_matches_the_text(canonical: str) -> None:
    text = provisional_template(canonical)
    adopted = adopted_templates(text, [canonical])
    assert adopted.match(canonical) is not None or not canonical.split()


@pytest.mark.any_duckdb
def test_a_provisional_template_keeps_its_text_where_drain_knows_its_wildcards() -> None:
    texts = ["generated 6# core files for bgl<path>", "generated 1 core files for home<path>"]
    assert {provisional_template(text) for text in texts} == {"generated <*> core files for <*>"}
    [template] = adopted_templates("generated <*> core files for <*>", texts).templates
    assert template.text == "generated <*> core files for <*>"
