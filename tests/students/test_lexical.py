from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.errors import ModelError
from fame_sql.models.novelty import NoveltyIndex, words
from fame_sql.students.lexical import LexicalHead, _settings, fit_lexical
from fame_sql.students.text_features import FeatureSum

pytestmark = pytest.mark.any_duckdb

WORDS = ["job", "Job", "<id>", "disk:", "4##", "a", "ab", "é🙂", "\t", "failed", "failed,failed"]
NORMAL = ["job <id> finished with status 0", "session opened for user alice", "fan speed is 5##"]
ANOMALOUS = ["job <id> finished with status 1##", "disk failure on <path>", "kernel panic: fatal"]


@pytest.fixture(scope="module")
def head() -> LexicalHead:
    return fit_lexical([*NORMAL, *ANOMALOUS], np.array([0.0] * 3 + [1.0] * 3))


def test_the_line_lies_between_the_classes(head: LexicalHead) -> None:
    assert (head.log_odds(NORMAL) < 0).all()
    assert (head.log_odds(ANOMALOUS) > 0).all()
    assert head.log_odds(["fatal disk failure"])[0] > 0


def test_a_texts_log_odds_do_not_depend_on_its_neighbours(head: LexicalHead) -> None:
    texts = [*NORMAL, *ANOMALOUS, "", "é🙂", "never seen " * 500] * 7
    whole = head.log_odds(texts)
    order = np.random.default_rng(0).permutation(len(texts))
    assert (head.log_odds([texts[i] for i in order]) == whole[order]).all()
    assert [head.log_odds([text])[0] for text in texts] == whole.tolist()
    assert head.log_odds([]).shape == (0,)


def test_it_survives_its_folder_bit_for_bit(head: LexicalHead, tmp_path: Path) -> None:
    head.save(tmp_path)
    texts = [*NORMAL, *ANOMALOUS, "disk of job <id>"]
    assert (LexicalHead.load(tmp_path).log_odds(texts) == head.log_odds(texts)).all()


@pytest.mark.parametrize(("share", "sign"), [(0.0, -1), (1.0, 1)])
def test_labels_that_are_all_alike(share: float, sign: int, tmp_path: Path) -> None:
    head = fit_lexical(NORMAL, np.full(3, share))
    head.save(tmp_path)
    found = LexicalHead.load(tmp_path).log_odds(["anything", ""])
    assert (np.sign(found) == sign).all()


def test_an_event_of_both_labels_lies_between(head: LexicalHead) -> None:
    share = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.5])
    both = fit_lexical([*NORMAL, *ANOMALOUS], share).log_odds(ANOMALOUS[2:])[0]
    assert both < head.log_odds(ANOMALOUS[2:])[0]


@pytest.mark.parametrize("name", ["lexical.json", "lexical.safetensors"])
def test_a_file_that_is_garbled(head: LexicalHead, tmp_path: Path, name: str) -> None:
    head.save(tmp_path)
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="fame train"):
        LexicalHead.load(tmp_path)


# ---- any script

SCRIPTS = {
    "cyrillic": (
        ["служба веб запуск готов", "служба почта запуск готов", "узел <id> на связи"],
        ["ошибка чтения диск узел", "сбой диск узел <id>", "ошибка памяти узел"],
        "новая ошибка диск",
    ),
    "chinese": (
        ["服务 启动 完成", "用户 登录 成功", "节点 <id> 正常"],
        ["磁盘 读取 失败", "磁盘 写入 错误", "内存 校验 错误"],
        "新 磁盘 读取 错误",
    ),
    "single letters": (["a b c", "a b d", "b c d"], ["x y z", "x y w", "y z w"], "x z"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_log_in_any_script_is_judged_by_its_words(script: str, tmp_path: Path) -> None:
    normal, anomalous, unseen = SCRIPTS[script]
    head = fit_lexical([*normal, *anomalous], np.array([0.0] * 3 + [1.0] * 3))
    assert (head.log_odds(normal) < 0).all()
    assert (head.log_odds(anomalous) > 0).all()
    assert head.log_odds([unseen])[0] > 0
    head.save(tmp_path)
    texts = [*normal, *anomalous, unseen, ""]
    assert (LexicalHead.load(tmp_path).log_odds(texts) == head.log_odds(texts)).all()


def test_bare_words_have_letters_of_any_script_and_may_be_none_at_all() -> None:
    share = np.array([0.0] * 3 + [1.0] * 3)
    normal, anomalous, _ = SCRIPTS["cyrillic"]
    assert "ошибка" in fit_lexical([*normal, *anomalous], share).features[1].vocabulary
    normal, anomalous, _ = SCRIPTS["single letters"]
    without = fit_lexical([*normal, *anomalous], share)
    assert [bool(part.vocabulary) for part in without.features] == [True, False, True]
    assert fit_lexical([" ", "", "\t"] * 2, share).log_odds(["x", ""]).tolist() == [0, 0]


@pytest.mark.slow
@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_ascii_are_what_they_were(text: str) -> None:
    alone = fit_lexical([f"{text} ok", "disk failed"], np.array([0.0, 1.0]))
    before = [*re.findall(r"[a-z]{2,}|[0-9]+#*", f"{text} ok".lower()), "disk", "failed"]
    singles = {word for word in alone.features[1].vocabulary if " " not in word}
    assert singles == set(before)
    bare = re.sub("<[^<> ]*>", " ", text).lower()
    assert words(text) == set(re.findall("[A-Za-z]{2,}", bare))


def test_an_older_folder_keeps_the_words_that_it_was_fitted_to(tmp_path: Path) -> None:
    """Bare words were a to z alone: the é apart, what is left of the word is two letters."""
    head = fit_lexical(["xx café", "yy"], np.array([1.0, 0.0]))
    vocabulary = head.features[1].vocabulary
    LexicalHead(head.features, head.intercept, "ascii").save(tmp_path)
    facts = json.loads((tmp_path / "lexical.json").read_text("utf-8"))
    facts["vocabularies"][1] = ["caf" if word == "café" else word for word in vocabulary]
    del facts["letters"]
    (tmp_path / "lexical.json").write_text(json.dumps(facts), "utf-8")
    older = LexicalHead.load(tmp_path)
    assert older.letters == "ascii"
    assert older.log_odds(["a café"])[0] == pytest.approx(head.log_odds(["a café"])[0])
    assert (
        older.log_odds(["a café"])[0]
        != LexicalHead(older.features, older.intercept).log_odds(["a café"])[0]
    )
    facts["letters"] = "runes"
    (tmp_path / "lexical.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(ModelError, match="'runes'"):
        LexicalHead.load(tmp_path)


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("ошибка чтения диск <*>", ["ошибка чтения диск", "Ошибка чтения файл", "готов"]),
        ("磁盘 读取 错误 <*>", ["磁盘 读取 错误", "磁盘 读取 完成", "用户 登录"]),
        ("read error disk <*>", ["read error disk", "read error file", "ready"]),
    ],
)
def test_novelty_is_told_in_any_script(template: str, texts: list[str]) -> None:
    found = NoveltyIndex([template]).novelty(texts)
    assert found.tolist() == [0.0, 0.5, 1.0]
    assert all(near < far for near, far in pairwise(found))


TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=12).map(" ".join)


@given(known=st.lists(TEXTS, min_size=2, max_size=6), asked=st.lists(TEXTS, max_size=6))
def test_sums_are_the_bits_of_scikit_learn(known: list[str], asked: list[str]) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    draw = np.random.default_rng(0)
    for settings in _settings("unicode"):
        vectorizer = TfidfVectorizer(sublinear_tf=True, **settings)
        try:
            vectorizer.fit(known)
        except ValueError:  # none of them has a feature
            continue
        names = vectorizer.get_feature_names_out().tolist()
        weights = draw.normal(size=len(names))
        ours = FeatureSum(settings.get("token_pattern"), names, vectorizer.idf_, weights)
        assert ours.total(asked).tolist() == (
            (vectorizer.transform(asked) @ weights).tolist() if asked else []
        )
