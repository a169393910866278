"""A row of any runtime depends on its text alone."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtimes import WORDS, rows, some_texts

from fame_sql.students import (
    Student,
    load_student,
)
from fame_sql.students.network.inference import infer
from fame_sql.students.network.runtimes import TorchEngine, in_bfloat16
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.runtime import Runtime

pytestmark = [pytest.mark.any_duckdb, pytest.mark.usefixtures("two_threads")]


@pytest.mark.slow
def test_it_says_what_torch_says(in_torch: Student, in_onnx: Student) -> None:
    texts = some_texts(2, 300)
    ours, theirs = in_torch.predict(texts), in_onnx.predict(texts)
    assert np.abs(ours.scores - theirs.scores).max() < 1e-6
    assert np.abs(ours.router - theirs.router).max() < 1e-6
    assert ours.router.std() > 1e-3  # there is something to differ in
    assert (ours.unseen == theirs.unseen).all()


def test_a_row_does_not_depend_on_batch_or_order(in_onnx: Student) -> None:
    texts = some_texts(3, 150)
    expected = dict(zip(texts, rows(in_onnx, texts), strict=True))
    draw = random.Random(4)
    for _ in range(40):
        some = draw.choices(texts, k=draw.randrange(1, 40))
        assert rows(in_onnx, some) == [expected[text] for text in some]


@pytest.mark.slow
def test_a_row_is_the_same_over_thousands_of_shuffles(in_onnx: Student) -> None:
    """Short texts, few at a time, so that thousands take seconds."""
    texts = ["", *WORDS, *(f"{one} {other}" for one, other in pairwise(WORDS))]
    expected = dict(zip(texts, rows(in_onnx, texts), strict=True))
    draw, neighbours = random.Random(13), set()
    for _ in range(2000):
        some = draw.sample(texts, k=draw.randrange(2, 5))
        assert rows(in_onnx, some) == [expected[text] for text in some]
        neighbours.add(tuple(some))
    assert len(neighbours) > 1500


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=20), st.randoms())
def test_any_text_has_a_row_of_its_own(
    in_onnx: Student, texts: list[str], draw: random.Random
) -> None:
    alone = [rows(in_onnx, [text])[0] for text in texts]
    order = draw.sample(range(len(texts)), k=len(texts))
    assert rows(in_onnx, [texts[i] for i in order]) == [alone[i] for i in order]


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2", "5", "not a number"])
def test_a_row_does_not_depend_on_threads(
    in_onnx: Student, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    texts = some_texts(5, 120)
    expected = rows(in_onnx, texts)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: rows(in_onnx, texts), range(8))) == [expected] * 8


def test_no_texts_give_no_rows(in_onnx: Student) -> None:
    told = in_onnx.predict([])
    assert told.router.shape == told.scores.shape == (0, 3)


def test_16_bits_are_near_and_do_not_depend_on_the_batch(in_torch: Student) -> None:
    import torch

    cpu, halved = torch.device("cpu"), in_bfloat16(in_torch.network)
    tokens = encode(in_torch.tokenizer, some_texts(9, 90))
    router, anomaly = infer(halved, tokens, cpu)
    assert 1e-6 < np.abs(router - infer(in_torch.network, tokens, cpu)[0]).max() < 0.1
    order = random.Random(1).sample(range(len(tokens)), k=40)
    some = infer(halved, [tokens[i] for i in order], cpu)
    assert some[0].tobytes() == router[order].tobytes()
    assert some[1].tobytes() == anomaly[order].tobytes()
    assert {weight.dtype for weight in in_torch.network.parameters()} == {torch.float32}


def test_16_bits_are_kept_in_the_model_and_left_alone_on_a_cpu(
    in_torch: Student, tmp_path: Path
) -> None:
    half = Runtime("torch", "bfloat16")
    in_torch.on(half, []).save(tmp_path)
    loaded = load_student(tmp_path)
    assert loaded.runtime == half
    engine = loaded.engine
    assert isinstance(engine, TorchEngine)
    if engine.where.type == "cpu":
        texts = some_texts(10, 40)
        assert rows(loaded, texts) == rows(in_torch, texts)
    in_torch.save(tmp_path / "plain")
    weights = "student.safetensors"
    assert (tmp_path / weights).read_bytes() == (tmp_path / "plain" / weights).read_bytes()
