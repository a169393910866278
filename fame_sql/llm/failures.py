"""What goes wrong between fame-sql and a language model."""

from __future__ import annotations

from fame_sql.errors import FameError


class LanguageModelError(FameError):
    """The endpoint cannot be used, or has failed."""


class AnswerError(LanguageModelError):
    """The model answered, and twice not as it was asked to."""


class BudgetError(LanguageModelError):
    """The next request could pass what may be spent; it was not sent."""


class LeakError(LanguageModelError):
    """A secret was left in what would have been sent; it was not sent."""
