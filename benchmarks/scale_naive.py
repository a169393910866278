"""The cost of classifying one row after another with a plain transformers pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence


def seconds_per_row(bodies: Sequence[str]) -> float:
    """Return the seconds per row of a text-classification pipeline of the size of ``compact``.

    The weights are random, since only their number affects the time; the tokenizer is learned from
    the rows. It runs with one thread or torch's default number, whichever is faster.
    """
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    from fame_sql.students.network.tokenizer import train_tokenizer
    from fame_sql.students.presets import choose

    sizes = choose("compact")
    learned = train_tokenizer(bodies, [], sizes.vocab, sizes.max_tokens)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=learned, pad_token="[PAD]", unk_token="[UNK]"
    )
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=max(sizes.max_tokens, 512),
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
            classify(body, truncation=True, max_length=sizes.max_tokens)
        since = time.perf_counter()
        for body in bodies:
            classify(body, truncation=True, max_length=sizes.max_tokens)
        return (time.perf_counter() - since) / len(bodies)

    return min(seconds(threads) for threads in {1, torch.get_num_threads()})
