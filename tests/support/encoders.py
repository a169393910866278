"""Tiny pretrained encoders, and students that are trained on them in seconds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.console import SilentProgress
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Student,
    StudentConfig,
    train,
)

SUBJECTS = ["parity", "cache", "socket", "ethernet"]
SAID = {"normal": ["corrected", "ready"], "faulty": ["refused", "timeout"]}
PLACEHOLDERS = ["<id>", "\\1\\2<path>", "\\1##"]
DOMAINS = [DomainSpec("memory", "mixed"), DomainSpec("network", "mixed")]
QUICK = {"min_steps": 30, "max_steps": 30, "max_tokens": 32, "learning_rate": 3e-3, "batch": 16}

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789#<>")
WORDS = [*SUBJECTS, *SAID["normal"], *SAID["faulty"], "id", "path", "on", "node"]
WORD_PIECES = [*SPECIAL, *LETTERS, *(f"##{c}" for c in LETTERS), *WORDS]


def sizes(kind: str, width: int) -> dict[str, Any]:
    if kind == "distilbert":
        return {"dim": width, "n_layers": 2, "n_heads": 2, "hidden_dim": 2 * width}
    wide = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 2 * width}
    return {"hidden_size": width, **wide}


def make_encoder(folder: Path, kind: str, *, width: int = 16, **stated: Any) -> Path:
    """Write a tiny encoder with random weights, as ``save_pretrained`` does."""
    import torch
    from transformers import AutoConfig, AutoModel

    vocabulary = stated.pop("vocabulary", WORD_PIECES)
    facts = {"vocab_size": len(vocabulary), "max_position_embeddings": 64, **sizes(kind, width)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(kind))
        model = AutoModel.from_config(AutoConfig.for_model(kind, **{**facts, **stated}))
    model.save_pretrained(folder)
    write_tokenizer(folder, vocabulary)
    return folder


def write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, ids[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.enable_padding(length=40, pad_id=ids["[PAD]"])
    tokenizer.enable_truncation(512)
    tokenizer.save(str(folder / "tokenizer.json"))


def settings(encoders: Path, how: str) -> dict[str, str | bool]:
    return {
        "shared": {"router": str(encoders / "distilbert")},
        "copies": {"router": str(encoders / "bert"), "separate": True},
        "paper": {
            "router": str(encoders / "distilbert"),
            "experts": str(encoders / "bert"),
            "separate": True,
        },
    }[how]


def configured(encoders: Path, how: str, **changes: Any) -> StudentConfig:
    return StudentConfig(preset=how, **{**QUICK, **settings(encoders, how), **changes})


def world(size: int = 120) -> LabelledEvents:
    """Events in which the words decide domain and anomaly."""
    draw = random.Random(3)
    texts: dict[str, tuple[int, float]] = {}
    while len(texts) < size:
        subject, kind = draw.randrange(4), draw.choice(["normal", "faulty"])
        words = [SUBJECTS[subject], draw.choice(SAID[kind]), "on", draw.choice(["<id>", "node"])]
        words.append("".join(draw.choice("abcdef") for _ in range(2)))
        texts[" ".join(words)] = (subject // 2, float(kind == "faulty"))
    return LabelledEvents(
        list(texts),
        np.array([faulty for _, faulty in texts.values()]),
        np.array([domain for domain, _ in texts.values()]),
        np.ones(size),
        np.array([draw.random() < 0.25 for _ in texts]),
    )


def trained(config: StudentConfig) -> Student:
    return train(world(), world().canonical, DOMAINS, config, PLACEHOLDERS, SilentProgress())


def said(student: Student, texts: list[str]) -> bytes:
    prediction = student.predict(texts)
    return prediction.router.tobytes() + prediction.scores.tobytes()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


HOW = ("shared", "copies", "paper")
