from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame_sql.students.network.inference import batches, padded
from fame_sql.students.network.tokenizer import (
    CLS,
    MAX_ALPHABET,
    SEP,
    SPECIAL_TOKENS,
    UNK,
    encode,
    load_tokenizer,
    train_tokenizer,
)

pytestmark = pytest.mark.any_duckdb

TEXTS = [
    "1 error",
    "instruction cache parity error corrected",
    "generating core.<id>",
    "ciod: Error reading message prefix after LOGIN_MESSAGE on CioStream socket to <id>:<id>",
    "error opening <path> at <path>: permission denied",
    "Ошибка чтения диска",
    "磁盘已满 disk full",
] * 3
PLACEHOLDERS = ["<path>", "<id>"]


def make(texts: list[str] = TEXTS, vocab: int = 300) -> str:
    return str(train_tokenizer(texts, PLACEHOLDERS, vocab, 32).to_str())


def test_the_same_texts_give_the_same_tokenizer() -> None:
    once = make()
    for _ in range(5):
        assert make() == once
    assert make(TEXTS[::-1]) == once
    assert make(TEXTS[:7]) == once


def test_a_placeholder_is_one_token_and_case_does_not_count() -> None:
    tokenizer = train_tokenizer(TEXTS, PLACEHOLDERS, 300, 32)
    tokens = tokenizer.encode("ERROR opening <path>:<id>").tokens
    assert tokens[0] == "[CLS]"
    assert tokens[-1] == "[SEP]"
    assert tokens[1] == "error"
    assert tokens[-4:-1] == ["<path>", ":", "<id>"]
    partial = train_tokenizer(TEXTS, ["\\1\\2<path>", "\\1##"], 300, 32)
    assert partial.encode("error <path> 1##").tokens[2:-1] == ["<path>", "1", "##"]
    assert tokenizer.encode("rts<id>x").tokens.count("<id>") == 1
    learnt = [t for t in tokenizer.get_vocab() if t not in (*PLACEHOLDERS, *SPECIAL_TOKENS)]
    assert not [token for token in learnt if "<" in token]


@pytest.mark.parametrize("text", [*SPECIAL_TOKENS, "a [PAD] b", "[SEP][SEP]"])
def test_a_text_that_spells_a_special_token_is_text(text: str, tmp_path: Path) -> None:
    tokenizer = train_tokenizer(TEXTS, PLACEHOLDERS, 300, 32)
    (tmp_path / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    for each in (tokenizer, load_tokenizer(tmp_path / "tokenizer.json", 32)):
        (ids,) = encode(each, [text])
        assert ids[0] == CLS
        assert ids[-1] == SEP
        assert not {0, CLS, SEP, 4} & set(ids[1:-1])


def test_unknown_characters_are_unknown_tokens() -> None:
    tokenizer = train_tokenizer(TEXTS, PLACEHOLDERS, 300, 32)
    (ids,) = encode(tokenizer, ["\N{PILE OF POO}"])
    assert ids == [CLS, UNK, SEP]


def test_the_vocabulary_stays_within_its_size() -> None:
    many = [chr(0x4E00 + i) for i in range(3000)]
    tokenizer = train_tokenizer([*TEXTS, *many], PLACEHOLDERS, 1200, 32)
    assert tokenizer.get_vocab_size() <= 1200
    assert sum(token in many for token in tokenizer.get_vocab()) <= MAX_ALPHABET
    assert "error" in tokenizer.get_vocab()


def test_no_texts_still_make_a_tokenizer() -> None:
    tokenizer = train_tokenizer([], [], 300, 32)
    assert encode(tokenizer, ["", "new"])[0] == [CLS, SEP]


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_is_encoded_within_bounds(text: str) -> None:
    tokenizer = train_tokenizer(TEXTS[:3], PLACEHOLDERS, 120, 16)
    (ids,) = encode(tokenizer, [text])
    assert 2 <= len(ids) <= 16
    assert max(ids) < tokenizer.get_vocab_size()


@given(st.lists(st.integers(1, 64), max_size=120))
def test_batches_hold_every_text_once_padded_by_its_own_length(lengths: list[int]) -> None:
    tokens = [[7] * length for length in lengths]
    seen = []
    for texts, length in batches(tokens, 32):
        assert 1 <= len(texts) <= 32
        for text in texts:
            ((alone, alone_length),) = batches([tokens[text]], 32)
            assert (alone.tolist(), alone_length) == ([0], length)
            assert lengths[text] <= length
        seen += texts.tolist()
    assert sorted(seen) == list(range(len(tokens)))


def test_a_row_without_text_attends_to_one_token() -> None:
    ids, mask = padded([[2, 9, 3]], 8, 2)
    assert ids.tolist() == [[2, 9, 3, 0, 0, 0, 0, 0], [0] * 8]
    assert mask.sum(axis=1).tolist() == [3, 1]
