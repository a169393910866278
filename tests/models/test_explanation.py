"""Explanations add up, agree with deleting words, and name what they rest on."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fame_sql
from fame_sql import models
from fame_sql.models.explanation import MOST, Example, Examples, contributions, label_of
from fame_sql.models.model import Model
from fame_sql.students import Prediction, Student
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ODDS = st.floats(-14, 14)


@pytest.fixture(scope="module")
def model(compiled: Path) -> Model:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        return models.load(models.champion(warehouse).folder)


@pytest.fixture(scope="module")
def texts(compiled: Path) -> list[str]:
    """Known and unseen events of every domain."""
    with Warehouse.open(compiled, read_only=True) as warehouse:
        rows = warehouse.rows(
            "SELECT canonical FROM fame.verdicts QUALIFY row_number() OVER "
            "(PARTITION BY known_template, domain, is_anomaly ORDER BY event_hash) <= 10"
        )
    return [row[0] for row in rows]


def log_odds(score: float) -> float:
    inside = min(max(score, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))


@given(ODDS, ODDS, arrays(np.float64, st.integers(0, 20), elements=ODDS))
def test_contributions_add_up_in_the_order_of_the_deletions(
    whole: float, base: float, without: np.ndarray
) -> None:
    weights = contributions(whole, base, without)
    if len(weights):
        assert base + weights.sum() == pytest.approx(whole, abs=1e-9)
        assert (np.diff(weights[np.argsort(whole - without)]) >= -1e-9).all()


@pytest.mark.slow
def test_words_and_base_sum_to_the_log_odds_of_the_score(model: Model, texts: list[str]) -> None:
    assert len(texts) > 60
    for text, verdict in zip(texts, model.verdicts(texts), strict=True):
        found = model.explain(text)
        total = found.base + sum(weight for _, weight in found.words)
        assert [word for word, _ in found.words] == text.split()
        assert total == pytest.approx(found.log_odds, abs=1e-4 * (len(found.words) + 1))
        score = 1 / (1 + math.exp(-found.log_odds))
        assert score == pytest.approx(verdict.score, abs=1e-4)
        assert found.domain.name == verdict.domain


@pytest.mark.slow
@pytest.mark.parametrize("words", [MOST - 1, MOST, MOST + 1, 1000])
def test_a_long_text_is_explained_by_128_judgements_that_add_up(
    model: Model, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    """The texts that are judged are counted: time would tell of the machine."""
    text = " ".join(islice(cycle(["disk", "error", "<id>", "ok", "zyzzyva"]), words))
    judged: list[str] = []
    predict = type(model.student).predict

    def counted(student: Student, canonical: Sequence[str]) -> Prediction:
        judged.extend(canonical)
        return predict(student, canonical)

    monkeypatch.setattr(type(model.student), "predict", counted)
    found = model.explain(text)
    entries = min(words, MOST)
    assert len(found.words) == entries
    assert len(judged) == entries + 3  # the whole, once more for its domain, and no words
    assert " ".join(token for token, _ in found.words) == text
    assert [token for token, _ in found.words][: MOST - 1] == text.split()[: MOST - 1]
    total = found.base + sum(weight for _, weight in found.words)
    assert total == pytest.approx(found.log_odds, abs=0.5e-4 * (entries + 2))
    score = 1 / (1 + math.exp(-found.log_odds))
    assert score == pytest.approx(model.verdicts([text])[0].score, abs=1e-4)
    assert " ".join(text.split()[: entries - 1]) in judged  # the last entry is deleted as one


@pytest.mark.slow
def test_weights_agree_with_deleting_the_word(model: Model, texts: list[str]) -> None:
    """The same order always; the same sign for nearly all words that matter."""
    signs, orders = [], []
    for text in texts:
        if model.verdicts([text])[0].score in (0.0, 1.0) or len(text.split()) < 3:
            continue
        words = text.split()
        judged = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
        scores = model._scores_in_one_routing(text, judged)
        odds = np.array([log_odds(float(score)) for score in scores])
        effects = odds[0] - odds[1:]
        weights = np.array([weight for _, weight in model.explain(text).words])
        orders.append((np.diff(weights[np.argsort(effects)]) >= -1e-4).all())
        strong = np.abs(effects) >= max(0.25, np.abs(effects).max() / 2)
        signs += (np.sign(weights[strong]) == np.sign(effects[strong])).tolist()
    assert len(orders) > 40
    assert all(orders)
    assert len(signs) > 40
    assert np.mean(signs) > 0.95


@pytest.mark.slow
def test_routing_alone_decides_in_an_anomalous_domain(model: Model, texts: list[str]) -> None:
    found = [model.explain(t) for t in texts if model.match(t)]
    anomalous = [e for e in found if e.domain.kind == "anomalous"]
    for explanation in anomalous:
        assert explanation.domain.normal_labels == 0 < explanation.domain.anomalous_labels
        assert all(weight == 0 for _, weight in explanation.words)
        assert explanation.base == explanation.log_odds > 13


@pytest.mark.slow
def test_a_labelled_event_is_its_own_nearest_example(opened: Warehouse) -> None:
    model = models.load_champion(opened)
    rows = opened.rows(
        "SELECT events.canonical, labels.normal_labels, labels.anomalous_labels "
        "FROM fame.event_labels AS labels "
        "INNER JOIN fame.events AS events ON labels.event_id = events.event_id "
        "WHERE events.template_id IS NOT NULL AND length(canonical) < 500 LIMIT 60"
    )
    for canonical, normal, anomalous in rows:
        nearest = model.explain(canonical).nearest
        assert nearest is not None
        assert nearest.distance == 0
        assert set(nearest.message.split()) == set(canonical.split())
        if nearest.message == canonical:
            assert nearest.label == label_of(anomalous / (normal + anomalous))


def test_the_nearest_is_that_with_most_words_in_common_and_the_first_of_equals() -> None:
    examples = Examples(
        [Example("disk full", "anomalous"), Example("disk ok", "normal"), Example("fan ok", "both")]
    )
    assert examples.nearest("disk ok now").label == "normal"  # type: ignore[union-attr]
    assert examples.nearest("disk ok now").distance == pytest.approx(1 / 3, abs=1e-4)  # type: ignore[union-attr]
    assert examples.nearest("disk").message == "disk full"  # type: ignore[union-attr]
    assert examples.nearest("zyzzyva") is None
    assert Examples(()).nearest("disk") is None


@pytest.mark.parametrize("text", ["", "  ", "zyzzyva", "\x00", "x" * 5000])
def test_texts_without_a_known_word_are_explained_and_no_domain_is_sure(
    model: Model, text: str
) -> None:
    found, verdict = model.explain(text), model.verdicts([text])[0]
    assert found.base + sum(w for _, w in found.words) == pytest.approx(found.log_odds, abs=1e-3)
    assert found.nearest is None
    if not verdict.known_template:
        assert verdict.domain_confidence == pytest.approx(1 / (len(model.domains) + 1), abs=1e-4)


@pytest.mark.slow
def test_the_function_gives_the_same_from_sql_and_again(copied_by_event: Path) -> None:
    connection = fame_sql.connect(copied_by_event)
    try:
        statement = "SELECT fame_explain(body), fame_canonical(body) FROM logs LIMIT 50"
        rows = connection.execute(statement).fetchall()
        assert rows == connection.execute(statement).fetchall()
        model = models.load_champion(Warehouse(copied_by_event, connection))
        for found, canonical in rows:
            expected = model.explain(canonical)
            assert found["log_odds"] == expected.log_odds
            assert [(w["token"], w["weight"]) for w in found["words"]] == expected.words
            assert found["domain"]["name"] == expected.domain.name
            assert set(found["nearest"]) == {"message", "label", "distance"}
    finally:
        release(connection)
        connection.close()


def test_a_model_of_an_older_version_has_no_examples(model: Model, tmp_path: Path) -> None:
    assert Examples.load(tmp_path).examples == ()
    model.examples.save(tmp_path)
    assert Examples.load(tmp_path).examples == model.examples.examples
    (tmp_path / "examples.json").write_text(json.dumps([{"text": 1}]))
    with pytest.raises(fame_sql.errors.ModelError, match="train a new model"):
        Examples.load(tmp_path)
