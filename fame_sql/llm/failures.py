"""The exceptions of requests to a language model."""

from __future__ import annotations

from fame_sql.errors import FameError


class LanguageModelError(FameError):
    """The endpoint cannot be used or has failed."""


class AnswerError(LanguageModelError):
    """The model gave two answers in a row that cannot be used."""


class CutOffError(AnswerError):
    """The answer ended at the limit of its length.

    Parameters
    ----------
    message : str
        What is said.
    content : str
        What there is of the answer.
    at_limit : bool
        Whether the limit was the request's own, not one of the endpoint.
    """

    def __init__(self, message: str, content: str, *, at_limit: bool) -> None:
        super().__init__(message)
        self.content = content
        self.at_limit = at_limit


class RefusedError(AnswerError):
    """The model, or a filter of content, refuses to answer."""


class UntrustedError(LanguageModelError):
    """The model judges what has a known answer wrong, whatever stands beside it."""


class BudgetError(LanguageModelError):
    """The next request could exceed the budget; it was not sent."""


class BatchPendingError(LanguageModelError):
    """A stage cannot go on before the requests in a batch file are answered."""


class LeakError(LanguageModelError):
    """A request still contained a secret after redaction; it was not sent."""
