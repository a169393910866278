"""Kinds are left out by the traits of a text, and nothing is masked otherwise for that."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.llm.redaction import Redactor
from fame_sql.redaction import masks
from fame_sql.redaction.kinds import Kind, Traits, kinds

pytestmark = pytest.mark.any_duckdb

HERE = Path(__file__).parent
SAMPLES = [
    *(sample.replace("«", "").replace("»", "") for kind in kinds() for sample in kind.masks),
    *(sample for kind in kinds() for sample in kind.keeps),
    *(HERE / "planted.txt").read_text(encoding="utf-8").splitlines(),
    *(HERE / "stays.txt").read_text(encoding="utf-8").splitlines(),
]
WORDS = sorted({word for sample in SAMPLES for word in sample.split()})
# Letters that patterns match in spite of case, and that are not their own lower case.
ODD = [
    "pa\u017f\u017fword=hunter2x",
    "u\u017fer=maria77",
    "\u212aey: 4f9a\u212ae81xq",
    "\u0131d",
    "P\u0130N=4711",
    "\u2003",
    "\xb0",
]


def without_traits(kind: Kind) -> Kind:
    return replace(kind, hints=(), digits=0, run=0, word=0)


def masked_by(rows: list[Kind], text: str) -> tuple[str, Counter[str]]:
    counts: Counter[str] = Counter()
    return masks.mask_text(text, counts, rows), counts


ALL = [without_traits(kind) for kind in kinds()]


@pytest.mark.parametrize("start", range(0, len(SAMPLES), 100))
def test_samples_are_masked_alike(start: int) -> None:
    for sample in SAMPLES[start : start + 100]:
        counts: Counter[str] = Counter()
        for text in (sample, sample.upper(), sample.lower()):
            counts.clear()
            assert (masks.mask_text(text, counts), counts) == masked_by(ALL, text)


@given(st.lists(st.sampled_from(WORDS) | st.sampled_from(ODD) | st.text(max_size=6), max_size=8),
       st.sampled_from([" ", "", "=", ": ", "-", "."]))  # fmt: skip
def test_any_words_are_masked_alike(words: list[str], joint: str) -> None:
    text = joint.join(words)
    counts: Counter[str] = Counter()
    assert (masks.mask_text(text, counts), counts) == masked_by(ALL, text)


@given(st.data())
def test_a_changed_sample_is_masked_alike(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from([s for s in SAMPLES if s]))
    place = data.draw(st.integers(0, len(sample)))
    text = sample[:place] + data.draw(st.text(max_size=3)) + sample[place + 1 :]
    assert masks.mask_text(text, Counter()) == masked_by(ALL, text)[0]


def test_most_patterns_are_left_out() -> None:
    text = "job 4711 finished with exit status 0 after 12 s"
    tried = [kind.name for kind in kinds() if kind.can_be_in(Traits.of(text))]
    assert len(tried) < len(kinds()) / 4


def test_a_repeated_text_is_counted_each_time() -> None:
    redactor = Redactor(frozenset({"host7"}))
    for _ in range(3):
        assert redactor.text("password=hunter2x on host7") == "password=<secret> on <host>"
    assert redactor.counts == {"assignment": 3, "known-host": 3}
