"""The network: one encoder, and the heads that stand on it.

An encoder is any ``transformers`` model that maps token ids and a mask to one vector a token;
the mean over a text's own tokens is the text's vector. Another preset is another way to build
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fame_sql.students.config import StudentConfig
from fame_sql.students.tokenizer import PAD

if TYPE_CHECKING:
    from torch import Tensor, nn


def build(config: StudentConfig, vocabulary: int, domains: int, experts: int) -> nn.ModuleDict:
    """Build an untrained network from torch's current random state.

    Parameters
    ----------
    config : StudentConfig
        Its sizes.
    vocabulary : int
        Tokens that the tokenizer has.
    domains : int
        Failure domains.
    experts : int
        Mixed domains, each of which has an expert head.

    Returns
    -------
    torch.nn.ModuleDict
        ``encoder``; ``router``, a logit a domain; ``anomaly``, the shared head's logit and
        then one logit an expert.
    """
    from torch import nn

    return nn.ModuleDict(
        {
            "encoder": _compact(config, vocabulary),
            "router": nn.Linear(config.hidden, domains),
            "anomaly": nn.Linear(config.hidden, 1 + experts),
        }
    )


def logits(network: nn.ModuleDict, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the router's and the anomaly heads' logits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        What :func:`build` returned.
    ids : Tensor
        Token ids, [texts, tokens].
    mask : Tensor
        1 where there is a token and 0 where there is padding, [texts, tokens].

    Returns
    -------
    router : Tensor
        [texts, domains].
    anomaly : Tensor
        [texts, 1 + experts].
    """
    states = network["encoder"](input_ids=ids, attention_mask=mask).last_hidden_state
    vectors = _mean(states, mask)
    return network["router"](vectors), network["anomaly"](vectors)


def width(network: nn.ModuleDict, head: str) -> int:
    """Return how many logits the head ``"router"`` or ``"anomaly"`` gives a text."""
    return cast("nn.Linear", network[head]).out_features


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    """Average the vectors of a text's own tokens."""
    present = mask.unsqueeze(-1).to(states.dtype)
    return (states * present).sum(dim=1) / present.sum(dim=1)


def _compact(config: StudentConfig, vocabulary: int) -> nn.Module:
    """Build a small BERT without its pooler."""
    from transformers import BertConfig, BertModel

    shape = BertConfig(
        vocab_size=vocabulary,
        hidden_size=config.hidden,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.feed_forward,
        max_position_embeddings=config.max_tokens,
        type_vocab_size=1,
        hidden_dropout_prob=config.dropout,
        attention_probs_dropout_prob=0.0,
        pad_token_id=PAD,
        attn_implementation="sdpa",
    )
    return cast("nn.Module", BertModel(shape, add_pooling_layer=False))
