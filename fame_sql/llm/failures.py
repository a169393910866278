"""The exceptions of requests to a language model."""

from __future__ import annotations

from fame_sql.errors import FameError


class LanguageModelError(FameError):
    """The endpoint cannot be used or has failed."""


class AnswerError(LanguageModelError):
    """The model gave two answers in a row that cannot be used."""


class UntrustedError(LanguageModelError):
    """The model judges what has a known answer wrong, whatever stands beside it."""


class BudgetError(LanguageModelError):
    """The next request could exceed the budget; it was not sent."""


class BatchPendingError(LanguageModelError):
    """A stage cannot go on before the requests in a batch file are answered."""


class LeakError(LanguageModelError):
    """A request still contained a secret after redaction; it was not sent."""
