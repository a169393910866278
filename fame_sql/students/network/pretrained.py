"""Pretrained encoders and their tokenizers.

Any encoder of ``transformers`` can be used: its weights are read by that library, its own
tokenizer gives the vocabulary, and the recipe's placeholders are added to it as tokens. Code that
belongs to a model is never run.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fame_sql.errors import InputError
from fame_sql.students.config import StudentConfig
from fame_sql.students.network.architecture import (
    UNREADABLE,
    configuration,
    quiet,
    read_stated,
    reason,
    width,
    with_attention,
    without_pooler,
)
from fame_sql.students.network.sources import digest, find
from fame_sql.students.network.tokenizer import literals, ready

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn


def pinned(config: StudentConfig) -> StudentConfig:
    """Return a configuration that names its weights by their digest.

    Parameters
    ----------
    config : StudentConfig
        With a ``router``.

    Raises
    ------
    InputError
        If an encoder is missing, has other weights than the configuration names, reads fewer
        tokens than it requires, or if the encoders' vocabularies differ.
    """
    found = digest(_folders(config))
    if config.digest and config.digest != found:
        raise InputError(
            f"the weights of {config.router} are not those of the configuration: their digest is "
            f"{found[:12]}…, not {config.digest[:12]}…; choose them again with --preset"
        )
    read_tokenizer(config, ())
    return replace(config, digest=found)


def read_tokenizer(config: StudentConfig, placeholders: Iterable[str]) -> Tokenizer:
    """Read the tokenizer of a pretrained encoder.

    Parameters
    ----------
    config : StudentConfig
        With a ``router``.
    placeholders : iterable of str
        The recipe's placeholders: each literal part of one becomes a token.

    Raises
    ------
    InputError
        If it cannot be read, or does not fit the configuration.
    """
    folders = _folders(config)
    for folder in folders:
        _check_positions(folder, config.max_tokens)
    tokenizer = _own_tokenizer(folders[0])
    compared = _comparable(tokenizer)
    if any(_comparable(_own_tokenizer(other)) != compared for other in folders[1:]):
        raise InputError(
            f"{config.router} and {config.experts} split texts into different tokens: choose a "
            "router and experts of one vocabulary, such as DistilBERT and BERT, both uncased"
        )
    from tokenizers import AddedToken

    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in literals(placeholders)])
    return ready(tokenizer, config.max_tokens)


def read_encoders(
    config: StudentConfig, tokenizer: Tokenizer, experts: int
) -> tuple[nn.Module, list[nn.Module] | None]:
    """Read the encoders with their weights.

    Parameters
    ----------
    config : StudentConfig
        With a ``router``.
    tokenizer : tokenizers.Tokenizer
        From :func:`read_tokenizer`; a token that the encoder does not know gets the mean of the
        vectors of the words in its name.
    experts : int
        Mixed domains.

    Returns
    -------
    router : torch.nn.Module
        The encoder of the router and the shared head.
    experts : list of torch.nn.Module or None
        An encoder for each expert; None if all heads share the router's.

    Raises
    ------
    InputError
        If they cannot be read, or have other weights than the configuration names.
    """
    folders = _folders(config)
    if config.digest and digest(folders) != config.digest:
        raise InputError(
            f"the weights of {config.router} have changed since they were chosen: choose them "
            "again with --preset"
        )
    router, *others = (_prepared(folder, config, tokenizer) for folder in folders)
    if not config.separate:
        return router, None
    expert = others[0] if others else router
    return router, [copy.deepcopy(expert) for _ in range(experts)]


def _folders(config: StudentConfig) -> list[Path]:
    """Return the folder of the router, and that of the experts if it is another one."""
    return [find(source) for source in (config.router, config.experts) if source]


def _check_positions(folder: Path, max_tokens: int) -> None:
    most = read_stated(folder).get("max_position_embeddings")
    if isinstance(most, int) and max_tokens > most:
        raise InputError(
            f"max_tokens {max_tokens} is more than the {most} tokens that {folder.name} reads: "
            "set a smaller max_tokens in the file given by --preset"
        )


def _own_tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            tokenizer = _made_tokenizer(folder)
    except Exception as error:  # tokenizers raises the bare class
        raise InputError(f"{folder} has no usable tokenizer ({reason(error)})") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if not tokenizer.encode("").ids:
        raise InputError(
            f"the tokenizer in {folder} marks neither the beginning nor the end of a text: choose "
            "an encoder such as BERT, DistilBERT, RoBERTa or MPNet"
        )
    return tokenizer


def _made_tokenizer(folder: Path) -> Tokenizer:
    """Convert a tokenizer that is stored in an older format."""
    from transformers import AutoTokenizer

    with quiet():
        made = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return cast("Tokenizer", made.backend_tokenizer)


def _comparable(tokenizer: Tokenizer) -> tuple[dict[str, int], object]:
    """Return what must be equal in two tokenizers that give the same tokens."""
    return tokenizer.get_vocab(), json.loads(tokenizer.to_str())["normalizer"]


def _prepared(folder: Path, config: StudentConfig, tokenizer: Tokenizer) -> nn.Module:
    """Read one encoder, add the placeholders, and freeze the layers that are not trained."""
    try:
        model = _read(folder)
        _grow(model, tokenizer, _own_tokenizer(folder))
        _try(model, config.max_tokens)
        _freeze(model, config.frozen_layers)
    except InputError:
        raise
    except UNREADABLE as error:
        raise InputError(f"{folder} has no encoder that can be read: {reason(error)}") from None
    return model


def _read(folder: Path) -> nn.Module:
    import torch
    from transformers import AutoModel

    def read(attention: str) -> tuple[nn.Module, dict[str, Any]]:
        return cast(
            "tuple[nn.Module, dict[str, Any]]",
            AutoModel.from_pretrained(
                folder,
                config=configuration(read_stated(folder)),
                attn_implementation=attention,
                dtype=torch.float32,
                local_files_only=True,
                output_loading_info=True,
                trust_remote_code=False,
                use_safetensors=True,
            ),
        )

    with quiet():
        model, found = with_attention(read)
    if missing := sorted(key for key in found["missing_keys"] if not key.startswith("pooler.")):
        raise InputError(f"{folder} has no weights for {missing[0]} of its encoder")
    return without_pooler(model)


def _grow(model: Any, tokenizer: Tokenizer, own: Tokenizer) -> None:
    """Add a vector to the encoder for each token that was added to its tokenizer."""
    import torch

    before, now = own.get_vocab(), tokenizer.get_vocab()
    vectors = model.get_input_embeddings().weight.detach().clone()
    if max(before.values()) >= len(vectors):
        raise InputError(
            f"the tokenizer has {len(before)} tokens and the encoder only {len(vectors)}: they "
            "do not belong to the same model"
        )
    if max(now.values()) >= len(vectors):
        with quiet():
            model.resize_token_embeddings(max(now.values()) + 1, mean_resizing=False)
    table = model.get_input_embeddings().weight
    with torch.no_grad():
        for name in sorted(now.keys() - before.keys()):
            words = " ".join(re.findall(r"[A-Za-z0-9]+", name))
            pieces = own.encode(words, add_special_tokens=False).ids
            table[now[name]] = (vectors[pieces] if pieces else vectors).mean(dim=0)


def _try(model: nn.Module, max_tokens: int) -> None:
    """Run the encoder on a text of the maximum length, so that failures show before training."""
    import torch

    ids = torch.ones((1, max_tokens), dtype=torch.int64)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        states = model.eval()(input_ids=ids, attention_mask=ids).last_hidden_state
    if states.shape != (1, max_tokens, width(model)) or not bool(torch.isfinite(states).all()):
        raise InputError("its encoder does not give one finite vector per token")


def _freeze(model: Any, count: int) -> None:
    """Freeze the embeddings and the lowest layers."""
    from torch import nn

    if not count:
        return
    total = int(model.config.num_hidden_layers)
    stacks = (m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) == total)
    stack = next(stacks, None)
    if stack is None or count > total:
        raise InputError(f"frozen_layers {count}: the encoder has {total} layers")
    embeddings = getattr(model, "embeddings", None) or model.get_input_embeddings()
    for part in (embeddings, *stack[:count]):
        part.requires_grad_(False)
