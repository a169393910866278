"""Escapes of a line are read before it is masked, and kept where nothing is masked."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.redaction.layers import without_escapes
from fame_sql.redaction.masks import mask_text

pytestmark = pytest.mark.any_duckdb


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to=/in%3Fuser%3Dhugo%26next%3D%2Fa", "to=/in%3Fuser%3D<user>%26next%3D%2Fa"),
        ("to=%252Fin%253Fuser%253Dhugo", "to=%252Fin%253Fuser%253D<user>"),
        (r'{"m":"host \"gandalf\" is down"}', r'{"m":"host \"<host>\" is down"}'),
        (r"failed\nuser: petra\nport: 22", r"failed\nuser: <user>\nport: 22"),
        ("&lt;login&gt;okan&lt;/login&gt;", "&lt;login&gt;<user>&lt;/login&gt;"),
        (r"http:\/\/wiki.acme.com\/a", r"http:\/\/<host>\/a"),
        ("disk at 98% of 4%20TB", "disk at 98% of 4%20TB"),
    ],
)
def test_what_an_escape_hides_is_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask_text(text, Counter()) == masked


@given(st.text(st.sampled_from("ab=%2035dD\\\"n'/u0&lt;gmpq#x"), max_size=40))
def test_what_is_not_masked_is_put_back_as_it_was(text: str) -> None:
    plain = without_escapes(text)
    if plain is not None:
        assert plain.put_back(plain.text) == text
        assert len(plain.starts) == len(plain.text) + 1
