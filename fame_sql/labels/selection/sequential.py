"""When to stop reading a template's lines: the first ones agree, and the risk is bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fame_sql.errors import InputError


@dataclass(frozen=True, slots=True)
class SequentialRule:
    """Read a few lines of a template, and the others only if these do not agree.

    Of the N lines of a template that may be judged (at most K), the first m are read in an
    order that a hash of their text decides, hence one that knows nothing of their labels. If
    all m get the same label, the template is left at that. The error is to leave a template
    at one label although at least a share ``minority`` of its N lines has the other. For x of
    N lines of the other kind its chance is that of m draws without replacement that all agree,

        (C(N - x, m) + C(x, m)) / C(N, m),

    which falls as x rises to N/2, so the bound is its value at the least such x; m is the
    smallest number for which it is at most ``risk``. The bound is on what the labeller would
    have said of the N lines: it knows nothing of lines beyond K, nor of the labeller's errors.

    Parameters
    ----------
    minority : float
        The share of lines of the other kind that shall not be missed, above 0 and up to 0.5.
    risk : float
        The chance to miss it, from 0 (read every line) to below 1.
    """

    minority: float = 0.25
    risk: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.minority <= 0.5 or not 0 <= self.risk < 1:
            raise InputError(
                f"the minority must lie above 0 and at most at 0.5, the risk in [0, 1), and "
                f"{self.minority} and {self.risk} do not; leave them out for 0.25 and 0.1"
            )

    def first_look(self, lines: int) -> int:
        """Return how many of so many lines are read before it is asked whether they agree."""
        return next(m for m in range(1, lines + 1) if self.error_bound(lines, m) <= self.risk)

    def error_bound(self, lines: int, read: int) -> float:
        """Return the largest chance that ``read`` lines agree although the rule is broken."""
        others = min(math.ceil(self.minority * lines), lines // 2)
        if others == 0:
            return 0.0
        ways = math.comb(lines - others, read) + math.comb(others, read)
        return ways / math.comb(lines, read)
