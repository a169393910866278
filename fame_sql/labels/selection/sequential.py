"""Sequential labelling: stop after a template's first lines if they agree, at a bounded risk."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fame_sql.errors import InputError


@dataclass(frozen=True, slots=True)
class SequentialRule:
    """Label the first lines of a template, and the others only if these disagree.

    Of the N lines of a template that can be labelled (at most K), the first m are labelled in the
    order of a hash of their text, which is independent of their labels. If all m get the same
    label, the other lines are not labelled. An error occurs if at least a share ``minority`` of
    the N lines has the other label. If x of N lines have it, the probability of the error is that
    of m equal draws without replacement,

        (C(N - x, m) + C(x, m)) / C(N, m),

    which decreases as x increases to N/2. So the bound is its value for the smallest such x, and
    m is the smallest number for which the bound is at most ``risk``. The bound refers to the
    labels that the labeller would give to the N lines. It covers neither lines beyond K nor the
    labeller's errors.

    Parameters
    ----------
    minority : float
        The share of lines with the other label that should not be missed, in (0, 0.5].
    risk : float
        The probability of missing it, in [0, 1); 0 labels every line.
    """

    minority: float = 0.25
    risk: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.minority <= 0.5 or not 0 <= self.risk < 1:
            raise InputError(
                f"the minority must be above 0 and at most 0.5, and the risk at least 0 and below "
                f"1, not {self.minority} and {self.risk}; leave them out for 0.25 and 0.1"
            )

    def first_lines(self, lines: int) -> int:
        """Return how many of ``lines`` lines are labelled first."""
        return next(m for m in range(1, lines + 1) if self.error_bound(lines, m) <= self.risk)

    def error_bound(self, lines: int, read: int) -> float:
        """Return the largest probability that ``read`` lines agree although the minority exists."""
        others = min(math.ceil(self.minority * lines), lines // 2)
        if others == 0:
            return 0.0
        ways = math.comb(lines - others, read) + math.comb(others, read)
        return ways / math.comb(lines, read)
