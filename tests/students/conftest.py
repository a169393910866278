"""Tiny encoders and the students that are trained on them, made once for all files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from encoders import HOW, configured, make_encoder, trained
from runtimes import ONNX, some_texts, student_in_torch

from fame_sql.students import Student


@pytest.fixture(scope="session")
def in_torch() -> Student:
    return student_in_torch()


@pytest.fixture(scope="session")
def in_onnx(in_torch: Student) -> Student:
    return in_torch.on(ONNX, some_texts(1, 40))


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny DistilBERT and a tiny BERT of one vocabulary, as the paper's preset has."""
    folder = tmp_path_factory.mktemp("encoders")
    make_encoder(folder / "distilbert", "distilbert")
    make_encoder(folder / "bert", "bert", width=24)
    return folder


@pytest.fixture(scope="session")
def students(encoders: Path) -> dict[str, Student]:
    return {how: trained(configured(encoders, how)) for how in HOW}


@pytest.fixture(scope="module")
def two_threads() -> Iterator[None]:
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "2"
    yield
    os.environ.pop("OMP_NUM_THREADS")
    if before is not None:
        os.environ["OMP_NUM_THREADS"] = before
