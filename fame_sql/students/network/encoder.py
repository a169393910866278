"""The network: one encoder, and the heads on top of it.

An encoder is any ``transformers`` model that maps token ids and a mask to one vector per token;
the mean over a text's own tokens is the text's vector. All heads share one encoder, or each expert
has a separate one; :func:`logits` hides the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from fame_sql.students.config import StudentConfig
from fame_sql.students.network import architecture, pretrained
from fame_sql.students.network.tokenizer import PAD

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn


def build(config: StudentConfig, tokenizer: Tokenizer, domains: int, experts: int) -> nn.ModuleDict:
    """Build a network with untrained heads, using torch's current random state.

    Parameters
    ----------
    config : StudentConfig
        The sizes of the encoder, or the sources of pretrained encoders.
    tokenizer : tokenizers.Tokenizer
        Its vocabulary determines the embeddings.
    domains : int
        Failure domains.
    experts : int
        Mixed domains, each of which has an expert head.

    Returns
    -------
    torch.nn.ModuleDict
        ``encoder``; ``router``, one logit per domain; ``anomaly``, the shared head's logit and
        then one logit per expert. With separate encoders ``anomaly`` is only the shared head,
        and ``experts`` and ``judges`` hold an encoder and a head for each expert.

    Raises
    ------
    InputError
        If a pretrained encoder cannot be read.
    """
    if config.is_compact:
        return _assembled(_compact(config, tokenizer.get_vocab_size()), None, domains, experts)
    router, separate = pretrained.read_encoders(config, tokenizer, experts)
    return _assembled(router, separate, domains, experts)


def shapes(network: nn.ModuleDict) -> dict[str, Any]:
    """Return what :func:`rebuild` needs to know about pretrained encoders, as JSON types."""
    stated: dict[str, Any] = {"router": architecture.shape(network["encoder"])}
    if is_separate(network):
        encoders = _per_expert(network, "experts")
        stated["experts"] = architecture.shape(encoders[0]) if encoders else None
    return stated


def rebuild(stated: dict[str, Any], domains: int, experts: int) -> nn.ModuleDict:
    """Build a network that is then filled with saved weights.

    Parameters
    ----------
    stated : dict
        From :func:`shapes`.
    domains, experts : int
        As in :func:`build`.

    Raises
    ------
    ValueError
        If the shapes are not those of encoders.
    """
    separate = None
    if "experts" in stated:
        separate = [architecture.from_shape(stated["experts"]) for _ in range(experts)]
    return _assembled(architecture.from_shape(stated["router"]), separate, domains, experts)


def vocabulary(network: nn.ModuleDict) -> int:
    """Return the size of the encoders' vocabulary, which is that of the smallest."""
    encoders = [network["encoder"], *_per_expert(network, "experts")]
    return min(int(encoder.get_input_embeddings().num_embeddings) for encoder in encoders)


def is_separate(network: nn.ModuleDict) -> bool:
    """Return whether each expert has a separate encoder."""
    return "experts" in network


def logits(
    network: nn.ModuleDict, ids: Tensor, mask: Tensor, asked: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the router's and the anomaly heads' logits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`build`.
    ids : Tensor
        Token ids, [texts, tokens].
    mask : Tensor
        1 for tokens and 0 for padding, [texts, tokens].
    asked : Tensor, optional
        For each text, the only column of ``anomaly`` that is needed besides the shared head's,
        [texts]: separate encoders then read only their own texts; other logits are 0.

    Returns
    -------
    router : Tensor
        [texts, domains].
    anomaly : Tensor
        [texts, 1 + experts].
    """
    import torch

    read = vectors(network, ids, mask)
    anomaly = [head(read) for head in _layers(network["anomaly"])]
    anomaly += _separate_logits(network, ids, mask, asked)
    return network["router"](read), anomaly[0] if len(anomaly) == 1 else torch.cat(anomaly, dim=1)


def vectors(network: nn.ModuleDict, ids: Tensor, mask: Tensor) -> Tensor:
    """Return the vectors of texts by the router's encoder, [texts, hidden]: the heads' input."""
    return _text_vectors(network["encoder"], ids, mask)


def heads(network: nn.ModuleDict, name: str) -> list[nn.Linear]:
    """Return the layers of the head ``"router"`` or ``"anomaly"``, in the order of their logits.

    There is one per generation and, with separate encoders, one per expert. They are separate
    layers because a sum of floats may depend on the width of its layer, and the scores of a head
    that is kept must not change by a bit.
    """
    separate = _per_expert(network, "judges") if name == "anomaly" else ()
    return [*_layers(network[name]), *separate]


def layers(network: nn.ModuleDict, widths: Sequence[int]) -> nn.ModuleList:
    """Return untrained layers of these widths for the network's encoder."""
    from torch import nn

    hidden = heads(network, "router")[0].in_features
    return nn.ModuleList(nn.Linear(hidden, width) for width in widths)


def width(network: nn.ModuleDict, head: str) -> int:
    """Return the number of logits of the head ``"router"`` or ``"anomaly"``."""
    return sum(layer.out_features for layer in heads(network, head))


def _assembled(
    encoder: nn.Module, separate: Sequence[nn.Module] | None, domains: int, experts: int
) -> nn.ModuleDict:
    """Put new heads on encoders."""
    from torch import nn

    hidden = architecture.width(encoder)
    router = nn.Linear(hidden, domains)
    shared = nn.Linear(hidden, 1 if separate is not None else 1 + experts)
    network = nn.ModuleDict({"encoder": encoder, "router": router, "anomaly": shared})
    if separate is not None:
        network["experts"] = nn.ModuleList(separate)
        network["judges"] = nn.ModuleList(nn.Linear(architecture.width(e), 1) for e in separate)
    return network


def _layers(head: nn.Module) -> list[nn.Linear]:
    """Return the layers of a head on the router's encoder."""
    from torch import nn

    return cast("list[nn.Linear]", list(head) if isinstance(head, nn.ModuleList) else [head])


def _per_expert(network: nn.ModuleDict, name: str) -> list[Any]:
    """Return the experts' separate encoders, ``"experts"``, or heads, ``"judges"``, if any."""
    return list(cast("nn.ModuleList", network[name])) if is_separate(network) else []


def _separate_logits(
    network: nn.ModuleDict, ids: Tensor, mask: Tensor, asked: Tensor | None
) -> Iterator[Tensor]:
    """Yield the logit of each expert that has a separate encoder."""
    pairs = zip(_per_expert(network, "experts"), _per_expert(network, "judges"), strict=True)
    for column, (encoder, head) in enumerate(pairs, 1):
        if asked is None:
            yield head(_text_vectors(encoder, ids, mask))
            continue
        (here,) = (asked == column).nonzero(as_tuple=True)
        found = ids.new_zeros((len(ids), 1), dtype=head.weight.dtype)
        if len(here):
            vectors_here = _text_vectors(encoder, ids[here], mask[here])
            found = found.index_put((here,), head(vectors_here))
        yield found


def _text_vectors(encoder: Any, ids: Tensor, mask: Tensor) -> Tensor:
    """Return one vector per text by one encoder."""
    # Padding is written as 0; some encoders find positions by a padding token of their own.
    if padding := encoder.config.pad_token_id:
        ids = ids.masked_fill(mask == 0, padding)
    # An encoder may run in 16 bits; the heads always run in 32.
    return _mean(encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask)


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    """Average the vectors of a text's own tokens."""
    present = mask.unsqueeze(-1).to(states.dtype)
    return (states * present).sum(dim=1) / present.sum(dim=1)


def _compact(config: StudentConfig, vocabulary: int) -> nn.Module:
    """Build the encoder that is trained from scratch."""
    from fame_sql.students.network.compact import CompactEncoder

    return CompactEncoder(
        vocabulary=vocabulary,
        hidden=config.hidden,
        layers=config.layers,
        heads=config.heads,
        feed_forward=config.feed_forward,
        max_tokens=config.max_tokens,
        dropout=config.dropout,
        padding=PAD,
    )
