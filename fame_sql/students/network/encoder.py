"""The network: one encoder, and the heads that stand on it.

An encoder is any ``transformers`` model that maps token ids and a mask to one vector a token;
the mean over a text's own tokens is the text's vector. All heads share one encoder, or each expert
has one of its own; whoever asks for logits sees no difference.
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
    """Build a network with untrained heads from torch's current random state.

    Parameters
    ----------
    config : StudentConfig
        Its sizes, or where its pretrained encoders lie.
    tokenizer : tokenizers.Tokenizer
        What it reads by.
    domains : int
        Failure domains.
    experts : int
        Mixed domains, each of which has an expert head.

    Returns
    -------
    torch.nn.ModuleDict
        ``encoder``; ``router``, a logit a domain; ``anomaly``, the shared head's logit and
        then one logit an expert. With separate encoders ``anomaly`` is the shared head alone,
        ``experts`` holds an encoder and ``judges`` a head for each expert.

    Raises
    ------
    InputError
        If a pretrained encoder cannot be read.
    """
    if config.is_compact:
        return _assembled(_compact(config, tokenizer.get_vocab_size()), None, domains, experts)
    return _assembled(*pretrained.read_encoders(config, tokenizer, experts), domains, experts)


def shapes(network: nn.ModuleDict) -> dict[str, Any]:
    """Return what :func:`rebuild` needs of a network with pretrained encoders, as JSON's types."""
    stated: dict[str, Any] = {"router": architecture.shape(network["encoder"])}
    if is_separate(network):
        readers = _apart(network, "experts")
        stated["experts"] = architecture.shape(readers[0]) if readers else None
    return stated


def rebuild(stated: dict[str, Any], domains: int, experts: int) -> nn.ModuleDict:
    """Build a network to be filled with the weights of one that was saved.

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
    readers = None
    if "experts" in stated:
        readers = [architecture.from_shape(stated["experts"]) for _ in range(experts)]
    return _assembled(architecture.from_shape(stated["router"]), readers, domains, experts)


def vocabulary(network: nn.ModuleDict) -> int:
    """Return how many tokens the encoders know: those of the one that knows fewest."""
    readers = [network["encoder"], *_apart(network, "experts")]
    return min(int(reader.get_input_embeddings().num_embeddings) for reader in readers)


def is_separate(network: nn.ModuleDict) -> bool:
    """Return whether each expert has an encoder of its own."""
    return "experts" in network


def logits(
    network: nn.ModuleDict, ids: Tensor, mask: Tensor, asked: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the router's and the anomaly heads' logits.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        What :func:`build` returned.
    ids : Tensor
        Token ids, [texts, tokens].
    mask : Tensor
        1 where there is a token and 0 where there is padding, [texts, tokens].
    asked : Tensor, optional
        The one column of ``anomaly`` beside the shared head's that is wanted of each text,
        [texts]: separate encoders then read only their own texts, and others' logits are 0.

    Returns
    -------
    router : Tensor
        [texts, domains].
    anomaly : Tensor
        [texts, 1 + experts].
    """
    import torch

    read = vectors(network, ids, mask)
    judged = [head(read) for head in _standing(network["anomaly"])]
    judged += _said_apart(network, ids, mask, asked)
    return network["router"](read), judged[0] if len(judged) == 1 else torch.cat(judged, dim=1)


def vectors(network: nn.ModuleDict, ids: Tensor, mask: Tensor) -> Tensor:
    """Return what the router's encoder makes of texts, [texts, hidden]; heads stand on it."""
    return _read(network["encoder"], ids, mask)


def heads(network: nn.ModuleDict, name: str) -> list[nn.Linear]:
    """Return the layers of the head ``"router"`` or ``"anomaly"``, in the order of their logits.

    There is one a generation, and of separate encoders one an expert. Each stays a layer of its
    own: a sum of floats may depend on how wide its layer is, and the scores of a head that is kept
    are to stay what they were, bit for bit.
    """
    return [*_standing(network[name]), *(_apart(network, "judges") if name == "anomaly" else ())]


def layers(network: nn.ModuleDict, widths: Sequence[int]) -> nn.ModuleList:
    """Return empty layers of these widths, to stand on the network's encoder."""
    from torch import nn

    hidden = heads(network, "router")[0].in_features
    return nn.ModuleList(nn.Linear(hidden, width) for width in widths)


def width(network: nn.ModuleDict, head: str) -> int:
    """Return how many logits the head ``"router"`` or ``"anomaly"`` gives a text."""
    return sum(layer.out_features for layer in heads(network, head))


def _assembled(
    encoder: nn.Module, readers: Sequence[nn.Module] | None, domains: int, experts: int
) -> nn.ModuleDict:
    """Put new heads on encoders."""
    from torch import nn

    hidden = architecture.width(encoder)
    router = nn.Linear(hidden, domains)
    shared = nn.Linear(hidden, 1 if readers is not None else 1 + experts)
    network = nn.ModuleDict({"encoder": encoder, "router": router, "anomaly": shared})
    if readers is not None:
        network["experts"] = nn.ModuleList(readers)
        network["judges"] = nn.ModuleList(nn.Linear(architecture.width(r), 1) for r in readers)
    return network


def _standing(head: nn.Module) -> list[nn.Linear]:
    """Return the layers that stand on the router's encoder."""
    from torch import nn

    return cast("list[nn.Linear]", list(head) if isinstance(head, nn.ModuleList) else [head])


def _apart(network: nn.ModuleDict, name: str) -> list[Any]:
    """Return what each expert has of its own, ``"experts"`` or ``"judges"``, if they have."""
    return list(cast("nn.ModuleList", network[name])) if is_separate(network) else []


def _said_apart(
    network: nn.ModuleDict, ids: Tensor, mask: Tensor, asked: Tensor | None
) -> Iterator[Tensor]:
    """Yield the logit of each expert that has an encoder of its own."""
    pairs = zip(_apart(network, "experts"), _apart(network, "judges"), strict=True)
    for column, (reader, judge) in enumerate(pairs, 1):
        if asked is None:
            yield judge(_read(reader, ids, mask))
            continue
        (here,) = (asked == column).nonzero(as_tuple=True)
        said = ids.new_zeros((len(ids), 1), dtype=judge.weight.dtype)
        if len(here):
            said = said.index_put((here,), judge(_read(reader, ids[here], mask[here])))
        yield said


def _read(reader: Any, ids: Tensor, mask: Tensor) -> Tensor:
    """Return one vector a text by one encoder."""
    # Padding is written as 0; some encoders count positions by a number of their own.
    if padding := reader.config.pad_token_id:
        ids = ids.masked_fill(mask == 0, padding)
    # An encoder may run in 16 bits; the heads never do.
    return _mean(reader(input_ids=ids, attention_mask=mask).last_hidden_state.float(), mask)


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
