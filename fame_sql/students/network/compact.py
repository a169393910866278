"""The encoder of the preset ``compact``: a small BERT without a pooler, in torch alone.

Importing ``transformers`` takes longer than everything else that a first score needs. Names of
weights, operations and initial random numbers are those of its ``BertModel``, so that model
folders of either can be read, and the scores are the same bits.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, cast

# The classes below extend nn.Module, so torch must be imported here. Only code that builds a
# network imports this module.
import torch  # noqa: TID253
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

if TYPE_CHECKING:
    from torch import Tensor

_EPSILON = 1e-12
_SPREAD = 0.02
"""Standard deviation of the initial weights (Devlin et al., BERT, 2019)."""


class States(NamedTuple):
    """The vectors of tokens, [texts, tokens, hidden]."""

    last_hidden_state: Tensor


class CompactEncoder(nn.Module):
    """Token ids and a mask to one vector per token.

    Parameters
    ----------
    vocabulary : int
        Number of tokens.
    hidden, layers, heads, feed_forward : int
        As in :class:`~fame_sql.students.config.StudentConfig`.
    max_tokens : int
        Number of positions.
    dropout : float
        Share of activations dropped in training.
    padding : int
        The token of padding.
    """

    def __init__(
        self,
        vocabulary: int,
        hidden: int,
        layers: int,
        heads: int,
        feed_forward: int,
        max_tokens: int,
        dropout: float,
        padding: int,
    ) -> None:
        super().__init__()
        # By the names of transformers' BertConfig.
        self.config = SimpleNamespace(
            vocab_size=vocabulary,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=feed_forward,
            max_position_embeddings=max_tokens,
            pad_token_id=padding,
        )
        self.embeddings = _Embeddings(vocabulary, hidden, max_tokens, dropout, padding)
        layer = nn.ModuleList(_Layer(hidden, heads, feed_forward, dropout) for _ in range(layers))
        self.encoder = nn.ModuleDict({"layer": layer})
        self.apply(_initialize)

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the embeddings of the tokens, as ``transformers`` models do."""
        return self.embeddings.word_embeddings

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> States:
        """Return the vectors of the tokens.

        Parameters
        ----------
        input_ids, attention_mask : Tensor
            [texts, tokens] ids, and 1 for tokens and 0 for padding.
        """
        states = self.embeddings(input_ids)
        mask = _attention(attention_mask)
        for layer in cast("nn.ModuleList", self.encoder["layer"]):
            states = layer(states, mask)
        return States(states)


class _Embeddings(nn.Module):
    def __init__(
        self, vocabulary: int, hidden: int, max_tokens: int, dropout: float, padding: int
    ) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, hidden, padding_idx=padding)
        self.position_embeddings = nn.Embedding(max_tokens, hidden)
        self.token_type_embeddings = nn.Embedding(1, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        positions = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
        read = self.word_embeddings(ids) + self.token_type_embeddings(torch.zeros_like(ids))
        return self.dropout(self.LayerNorm(read + self.position_embeddings(positions)))  # type: ignore[no-any-return]


class _Attention(nn.Module):
    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.size = hidden // heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        shape = (*states.shape[:-1], -1, self.size)
        query, key, value = (
            part(states).view(*shape).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        read = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, scale=self.size**-0.5
        )
        return read.transpose(1, 2).contiguous().reshape(states.shape)


class _Output(nn.Module):
    """A projection whose result is added to what came before."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(width, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(states)) + before)  # type: ignore[no-any-return]


class _Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        attention, output = _Attention(hidden, heads), _Output(hidden, hidden, dropout)
        self.attention = nn.ModuleDict({"self": attention, "output": output})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, feed_forward)})
        self.output = _Output(feed_forward, hidden, dropout)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        seen = self.attention["output"](self.attention["self"](states, mask), states)
        raised = functional.gelu(self.intermediate["dense"](seen))
        return self.output(raised, seen)  # type: ignore[no-any-return]


def _attention(mask: Tensor) -> Tensor | None:
    """Return which tokens each token sees, [texts, 1, tokens, tokens]; None if all see all."""
    # A graph that is exported must keep the mask, whatever the texts that it is traced with.
    if not torch.onnx.is_in_onnx_export() and bool(mask.all()):
        return None
    tokens = mask.shape[1]
    return mask.bool()[:, None, None, :].expand(-1, 1, tokens, tokens)


def _initialize(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, mean=0.0, std=_SPREAD)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        with torch.no_grad():
            module.weight[module.padding_idx].zero_()
