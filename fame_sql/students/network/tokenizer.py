"""The student's own tokenizer: byte-pair encoding learned from the warehouse's canonical events.

It is reproducible: the same events give the same file. (``WordPieceTrainer`` is not: it breaks
ties by the order of a hash map.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer, normalizers

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = range(len(SPECIAL_TOKENS))

_TRAIN_AGAIN = "train again with 'fame train --full'"

# Logs in ideographic scripts would otherwise fill the vocabulary with single characters.
MAX_ALPHABET = 1000


def train_tokenizer(
    texts: Iterable[str], placeholders: Iterable[str], vocab: int, max_tokens: int
) -> Tokenizer:
    """Learn a tokenizer from canonical texts.

    Parameters
    ----------
    texts : iterable of str
        Canonical texts; their order and repetitions have no effect.
    placeholders : iterable of str
        The recipe's placeholders, such as ``<id>``: each literal part of one is a token.
    vocab : int
        Maximum number of tokens, including placeholders.
    max_tokens : int
        Maximum number of tokens of a text.

    Returns
    -------
    tokenizers.Tokenizer
        Ready to encode.
    """
    from tokenizers import AddedToken, trainers

    whole = literals(placeholders)
    tokenizer = _untrained()
    words = list(_without(sorted(set(texts)), whole))
    alphabet = _alphabet(tokenizer.normalizer, words)
    tokenizer.train_from_iterator(
        words,
        trainers.BpeTrainer(
            vocab_size=vocab - len(whole),
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=alphabet,
            limit_alphabet=len(alphabet),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in whole])
    return ready(tokenizer, max_tokens)


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Read a tokenizer that was saved as JSON.

    Raises
    ------
    ModelError
        If the file is missing or is not a tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read ({error}): {_TRAIN_AGAIN}") from None
    try:
        return ready(Tokenizer.from_str(text), max_tokens)
    except Exception as error:  # tokenizers raises the bare class
        raise ModelError(f"{path} is not a tokenizer ({error}): {_TRAIN_AGAIN}") from None


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the token ids of each text, including its start and end tokens."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]


def _untrained() -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[UNK]))
    # A masked number such as "5##" is one word; without this, "#" would be split off.
    digits = normalizers.Replace(Regex("(?<=[0-9#])#"), "x")
    tokenizer.normalizer = normalizers.Sequence(
        [digits, normalizers.BertNormalizer(lowercase=True)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def ready(tokenizer: Tokenizer, max_tokens: int) -> Tokenizer:
    """Apply the settings that every tokenizer of a student has.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Changed in place, except that its own start and end tokens are kept.
    max_tokens : int
        Maximum number of tokens of a text.
    """
    from tokenizers import processors

    if tokenizer.post_processor is None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)]
        )
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    # A log line that contains "[PAD]" is ordinary text.
    tokenizer.encode_special_tokens = True
    return tokenizer


def literals(placeholders: Iterable[str]) -> list[str]:
    """Return the literal parts of placeholders, without references to groups."""
    parts = (part.strip() for text in placeholders for part in re.split(r"\\[0-9]", text))
    return sorted({part for part in parts if part})


def _without(texts: Iterable[str], placeholders: Sequence[str]) -> Iterator[str]:
    """Yield the texts without the placeholders, which are tokens already."""
    for text in texts:
        for placeholder in placeholders:
            text = text.replace(placeholder, " ")
        yield text


def _alphabet(normalizer: normalizers.Normalizer, texts: Iterable[str]) -> list[str]:
    """Return the most frequent characters, in code-point order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalizer.normalize_str(text))
    counts.pop(" ", None)
    frequent = sorted(counts, key=lambda character: (-counts[character], character))
    return sorted(frequent[:MAX_ALPHABET])
