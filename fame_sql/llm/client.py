"""A client for OpenAI-compatible endpoints, also for those with fewer features than OpenAI's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.ledger import Reply
from fame_sql.llm.prices import estimate_tokens
from fame_sql.llm.request import Request

if TYPE_CHECKING:
    from openai import OpenAI

_MODES = ("schema", "json", "text")
_LONGEST_WAIT = 120.0
_OPTIONAL = ("temperature", "seed")


@dataclass
class Client:
    """Sends requests to one endpoint, and remembers which features it refuses.

    If an endpoint refuses a strict JSON schema, the next request asks for JSON, and then for
    text. If it refuses ``temperature`` or ``seed``, the next request leaves them out.

    Parameters
    ----------
    base_url : str
        Any endpoint with OpenAI's chat completions, for example ``http://localhost:11434/v1``.
    api_key : str
        Its key; a local endpoint usually accepts any.
    timeout : float
        Seconds to wait for an answer. A request that times out is not sent again, because it
        may have been billed.
    retries : int
        How often a request is sent again after status 429, a server error or a lost connection.
    """

    base_url: str
    api_key: str
    timeout: float = 600.0
    retries: int = 4
    _mode: int = 0
    _refused: set[str] = field(default_factory=set)
    _made: OpenAI | None = None

    @property
    def mode(self) -> str:
        """How requests ask for JSON: ``schema`` (strict), ``json`` (any object) or ``text``."""
        return _MODES[self._mode]

    def send(self, request: Request, on_send: Callable[[], None]) -> Reply:
        """Send a request and return the answer.

        Parameters
        ----------
        request : Request
            The request.
        on_send : callable
            Called immediately before each time that the request is sent.

        Raises
        ------
        LanguageModelError
            If the endpoint refuses the request or does not answer.
        """
        import openai

        started = time.monotonic()
        attempt = 0
        while True:
            try:
                on_send()
                completion = self._openai().chat.completions.create(**self._arguments(request))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._drop_feature(request, str(error)):
                    raise self._failure(error) from None
            except openai.APITimeoutError as error:
                raise LanguageModelError(
                    f"{self.base_url} gave no answer within {self.timeout:g} s ({error}); run the "
                    "same command again, with a longer --timeout"
                ) from None
            except openai.OpenAIError as error:
                attempt += 1
                if attempt > self.retries or not _is_temporary(error):
                    raise self._failure(error) from None
                time.sleep(_wait(error, attempt))
            except ValueError as error:
                # The body is not JSON, and the client does not catch the decoder's error.
                attempt += 1
                if attempt > self.retries:
                    raise self._failure(error) from None
            else:
                return _reply(request, completion, time.monotonic() - started)

    def _openai(self) -> OpenAI:
        if self._made is None:
            try:
                from openai import OpenAI
            except ImportError:
                raise LanguageModelError(
                    "a language model needs the openai client: run \"pip install 'fame-sql[llm]'\""
                ) from None
            self._made = OpenAI(
                base_url=self.base_url, api_key=self.api_key, timeout=self.timeout, max_retries=0
            )
        return self._made

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
        wanted = request.parameters.items()
        arguments |= {name: value for name, value in wanted if name not in self._refused}
        if _MODES[self._mode] == "schema":
            schema = {"name": request.stage, "schema": request.schema, "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif _MODES[self._mode] == "json":
            arguments["response_format"] = {"type": "json_object"}
        return arguments

    def _drop_feature(self, request: Request, message: str) -> bool:
        """Stop using the feature that was refused; return False if none is left to drop."""
        if "context" in message.lower() and "length" in message.lower():
            return False
        optional = [n for n in _OPTIONAL if n in request.parameters and n not in self._refused]
        named = [name for name in optional if name in message.lower()]
        is_text = self._mode == len(_MODES) - 1
        if named or (optional and "response_format" not in message and is_text):
            self._refused.add((named or optional)[0])
            return True
        if self._mode < len(_MODES) - 1:
            self._mode += 1
            return True
        return False

    def _failure(self, error: Exception) -> LanguageModelError:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        advice = "run 'fame llm check' to test the endpoint"
        if "context" in reason.lower() and "length" in reason.lower():
            advice = "set the model's context size in tokens with --window"
        return LanguageModelError(f"{self.base_url} failed: {reason}; {advice}")


def _is_temporary(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 409, 429) or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError)


def _wait(error: Exception, attempt: int) -> float:
    """Return how many seconds to wait: as in ``Retry-After``, or longer after each attempt."""
    import openai

    backoff = min(0.5 * 2.0 ** (attempt - 1), 30.0)
    if isinstance(error, openai.APIStatusError):
        try:
            requested = float(error.response.headers.get("retry-after", ""))
        except ValueError:
            return backoff
        if 0 <= requested <= _LONGEST_WAIT:
            return requested
    return backoff


def _reply(request: Request, completion: Any, seconds: float) -> Reply:
    """Read a completion, in which an endpoint may leave out fields."""
    choices = getattr(completion, "choices", None) or []
    content = (choices[0].message.content if choices and choices[0].message else None) or ""
    # JSON can contain lone surrogates, which cannot be stored.
    content = content.encode("utf-8", "replace").decode()
    usage = getattr(completion, "usage", None)
    tokens_in = getattr(usage, "prompt_tokens", None)
    tokens_out = getattr(usage, "completion_tokens", None)
    counted = tokens_in is not None and tokens_out is not None
    return Reply(
        content=content,
        tokens_in=int(tokens_in) if tokens_in is not None else request.tokens,
        tokens_out=int(tokens_out) if tokens_out is not None else estimate_tokens(content),
        resolved_model=getattr(completion, "model", None),
        finish_reason=choices[0].finish_reason if choices else None,
        tokens_estimated=not counted,
        seconds=seconds,
    )
