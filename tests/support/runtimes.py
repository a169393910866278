"""A tiny student on torch and texts for it, on any runtime."""

from __future__ import annotations

import random

import numpy as np

from fame_sql.console import SilentProgress
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Student,
    StudentConfig,
    train,
)
from fame_sql.students.runtime import Runtime

ONNX = Runtime("onnx")
ONNX_FACTS = {"name": "onnx", "precision": "float32"}
DOCUMENT = "docs/how-to/inference.md"
TINY = StudentConfig(
    preset="compact", hidden=32, layers=2, heads=2, vocab=400, max_tokens=32, min_steps=20
)
DOMAINS = [DomainSpec("memory", "mixed"), DomainSpec("net", "normal"), DomainSpec("jobs", "mixed")]
WORDS = ["parity", "error", "corrected", "socket", "<id>", "timeout", "link", "job", "9#%", "ecc"]

# torch and transformers cannot be imported after this has run.
BLOCKER = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
"""


def some_texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    texts = ["", " ", "[PAD]", "<id>", "中文" * 60, "\x00", "x" * 5000, "link " * 200]
    while len(texts) < count:
        texts.append(" ".join(draw.choices(WORDS, k=draw.randrange(1, 45))))
    return texts


def student_in_torch() -> Student:
    """Train a tiny student on torch."""
    draw = random.Random(0)
    texts = [" ".join(draw.choices(WORDS, k=6)) for _ in range(60)]
    faulty = np.array([float("error" in text) for text in texts])
    domain = np.array([draw.randrange(3) for _ in texts])
    examples = LabelledEvents(
        texts, faulty * (domain != 1), domain, np.ones(60), np.arange(60) % 4 == 0
    )
    return train(examples, texts, DOMAINS, TINY, ["<id>"], SilentProgress())


def rows(student: Student, texts: list[str]) -> list[bytes]:
    told = student.predict(texts)
    both = np.concatenate([told.router, told.scores, told.unseen[:, None]], axis=1)
    return [row.tobytes() for row in np.ascontiguousarray(both)]
