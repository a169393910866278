"""How many requests merge the groupings of pieces at most, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fame_sql.llm.model import LanguageModel

TOKENS_A_MEMBER = 8
TOKENS_A_DOMAIN = 60
# A domain of a piece with five templates, and what a request to merge has besides.
_TOKENS_A_PART = 250
_OVERHEAD = 1500 + 8 * TOKENS_A_DOMAIN


@dataclass(frozen=True)
class MergePlan:
    """The requests that merge pieces, in the worst case.

    Parameters
    ----------
    model : LanguageModel
        The model to ask.
    sizes : tuple of int
        How many domains each request holds at most.
    """

    model: LanguageModel
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, model: LanguageModel, pieces: Sequence[int], most: int) -> MergePlan:
        """Plan the merges of several groupings.

        Parameters
        ----------
        model : LanguageModel
            The model to ask.
        pieces : sequence of int
            The number of pieces of each grouping.
        most : int
            Maximum number of domains of a piece, and of a merge.
        """
        return cls(model, tuple(s for count in pieces for s in _sizes(model.window, count, most)))

    def in_words(self) -> str | None:
        """Return in words how many requests there are at most, and their price; None without one.

        Each piece is taken to give as many domains as the rules allow, and each answer to be as
        long as it may be.
        """
        if not self.sizes:
            return None
        tokens_in = sum(self._tokens(size)[0] for size in self.sizes)
        tokens_out = sum(self._tokens(size)[1] for size in self.sizes)
        cost = self.model.prices.cost(self.model.name, tokens_in, tokens_out)
        price = "unpriced" if cost is None else f"at most ${cost:.4f}"
        return (
            f"at most {len(self.sizes)} more requests, which depend on answers, merge the "
            f"groupings of the pieces: at most {tokens_in} tokens in and {tokens_out} tokens out, "
            f"{price}; an answer with more domains than asked for is sent back once, then cut"
        )

    def _tokens(self, parts: int) -> tuple[int, int]:
        """Return the tokens of a merge and of its answer, in the worst case."""
        sent = min(self.model.window, _OVERHEAD + parts * _TOKENS_A_PART)
        expected = TOKENS_A_MEMBER * parts + 8 * TOKENS_A_DOMAIN
        return sent, self.model.most_answer(sent, expected)


def _sizes(window: int, pieces: int, most: int) -> list[int]:
    """Return how many domains each request of a merge of pieces holds at most."""
    parts = pieces * most
    if parts <= most:
        return []
    a_request = max(2, (window - _OVERHEAD) // _TOKENS_A_PART)
    sizes: list[int] = []
    while parts > a_request:
        requests = -(-parts // a_request)
        sizes += [a_request] * (requests - 1) + [parts - (requests - 1) * a_request]
        fewer = requests * min(most, a_request)
        if fewer >= parts:
            return sizes
        parts = fewer
    return [*sizes, parts]
