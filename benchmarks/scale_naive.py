"""The cost of classifying one row after another with a plain transformers pipeline."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path


def seconds_per_row(model: Path, bodies: Sequence[str]) -> float:
    """Return the seconds per row of a text-classification pipeline of the size of a student.

    The weights are random, since only their number affects the time; the tokenizer is the
    student's. It runs with one thread or torch's default number, whichever is faster.
    """
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    sizes = json.loads((model / "student.json").read_text())["config"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(model / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]"
    )
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes["hidden"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=sizes["feed_forward"],
        max_position_embeddings=max(sizes["max_tokens"], 512),
    )
    classify = pipeline(
        "text-classification",
        model=BertForSequenceClassification(config),
        tokenizer=tokenizer,
        device="cpu",
    )

    def seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        for body in bodies[:20]:
            classify(body, truncation=True, max_length=sizes["max_tokens"])
        since = time.perf_counter()
        for body in bodies:
            classify(body, truncation=True, max_length=sizes["max_tokens"])
        return (time.perf_counter() - since) / len(bodies)

    return min(seconds(threads) for threads in {1, torch.get_num_threads()})
