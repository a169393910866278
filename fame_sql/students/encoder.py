"""The network: one encoder, and the heads that stand on it.

An encoder is any ``transformers`` model that maps token ids and a mask to one vector a token;
the mean over a text's own tokens is the text's vector. Another preset is another way to build
one.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    import torch

    read = vectors(network, ids, mask)
    judged = [head(read) for head in heads(network, "anomaly")]
    return network["router"](read), judged[0] if len(judged) == 1 else torch.cat(judged, dim=1)


def vectors(network: nn.ModuleDict, ids: Tensor, mask: Tensor) -> Tensor:
    """Return what the encoder makes of texts, [texts, hidden]; the heads stand on it."""
    states = network["encoder"](input_ids=ids, attention_mask=mask).last_hidden_state
    return _mean(states, mask)


def heads(network: nn.ModuleDict, name: str) -> list[nn.Linear]:
    """Return the layers of the head ``"router"`` or ``"anomaly"``, one a generation.

    Each stays a layer of its own: a sum of floats may depend on how wide its layer is, and the
    scores of a head that is kept are to stay what they were, bit for bit.
    """
    from torch import nn

    head = network[name]
    return cast("list[nn.Linear]", list(head) if isinstance(head, nn.ModuleList) else [head])


def layers(network: nn.ModuleDict, widths: Sequence[int]) -> nn.ModuleList:
    """Return empty layers of these widths, to stand on the network's encoder."""
    from torch import nn

    hidden = heads(network, "router")[0].in_features
    return nn.ModuleList(nn.Linear(hidden, width) for width in widths)


def width(network: nn.ModuleDict, head: str) -> int:
    """Return how many logits the head ``"router"`` or ``"anomaly"`` gives a text."""
    return sum(layer.out_features for layer in heads(network, head))


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
