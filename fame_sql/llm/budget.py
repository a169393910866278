"""The budget of a run: what a request can cost at most, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fame_sql.llm.failures import BudgetError
from fame_sql.llm.prices import PriceTable
from fame_sql.llm.request import Request

_ENOUGH = 1.1


@dataclass
class Budget:
    """What a run has spent, and may spend.

    Parameters
    ----------
    prices : PriceTable
        The prices of tokens.
    max_cost : float or None
        The limit in USD, which the worst case of no request may exceed.
    spent : float
        Cost of what was answered, and the worst case of what may have been billed without an
        answer.
    """

    prices: PriceTable
    max_cost: float | None = None
    spent: float = 0.0

    def worst(self, request: Request) -> float:
        """Return what a request costs if its answer fills ``max_tokens``; 0 without a price."""
        return self.prices.cost(request.model, request.most_tokens, request.max_tokens) or 0.0

    def limited(self, request: Request, expected: int) -> Request:
        """Return a request whose answer can be paid for, with fewer tokens if there must be.

        Parameters
        ----------
        request : Request
            The request.
        expected : int
            Estimated number of tokens of the answer.

        Raises
        ------
        BudgetError
            If the rest of the budget does not suffice for the expected answer, or the model has
            no price.
        """
        if self.max_cost is None:
            return request
        if self.prices.cost(request.model, 0, 0) is None:
            raise BudgetError(
                f"{request.model} has no price, so --max-cost cannot be enforced: give its prices "
                "with --prices FILE, or leave --max-cost out"
            )
        if self.spent + self.worst(request) <= self.max_cost:
            return request
        of_prompt = self.prices.cost(request.model, request.most_tokens, 0) or 0.0
        of_token = self.prices.cost(request.model, 0, 1) or 0.0
        left = self.max_cost - self.spent - of_prompt
        most = int(left / of_token) if of_token and left > 0 else 0
        if most < _ENOUGH * expected:
            raise self._exceeded(request, of_prompt + expected * of_token)
        return replace(request, max_tokens=most)

    def take(self, request: Request) -> float:
        """Reserve the worst case of a request that is being sent, and return it."""
        worst = self.worst(request)
        if self.max_cost is not None and self.spent + worst > self.max_cost * (1 + 1e-9):
            raise self._exceeded(request, worst)
        self.spent += worst
        return worst

    def _exceeded(self, request: Request, cost: float) -> BudgetError:
        return BudgetError(
            f"the next request ({request.stage}, up to ${cost:.4f}) would exceed --max-cost "
            f"{self.max_cost:g} after ${self.spent:.4f}; the answers so far are kept: run the "
            "same command with a higher --max-cost to continue"
        )
