"""A client for OpenAI-compatible endpoints, also for those with fewer features than OpenAI's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fame_sql.console import printable
from fame_sql.llm.advice import advice_for, advice_for_answer
from fame_sql.llm.bounds import bounded
from fame_sql.llm.completion import reply_of
from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.keys import hide
from fame_sql.llm.ledger import Reply
from fame_sql.llm.request import Request
from fame_sql.llm.waiting import (
    LONGEST_WAIT,
    backoff,
    is_temporary,
    read_json,
    requested_wait,
)

if TYPE_CHECKING:
    from openai import OpenAI

_MODES = ("schema", "json", "text")
_OPTIONAL = ("temperature", "seed")
_LIMITS = ("max_tokens", "max_completion_tokens", None)
_UNREADABLE = 2

OnSend = Callable[[], Callable[[], None] | None]


@dataclass
class Client:
    """Sends requests to one endpoint, and remembers which features it refuses.

    If an endpoint refuses a strict JSON schema, the next request asks for JSON, and then for
    text. If it refuses ``temperature``, ``seed`` or ``max_tokens``, the next request leaves them
    out. Several threads can send at the same time.

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
    _limit: int = 0
    _refused: set[str] = field(default_factory=set)
    _made: OpenAI | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def mode(self) -> str:
        """How requests ask for JSON: ``schema`` (strict), ``json`` (any object) or ``text``."""
        return _MODES[self._mode]

    @property
    def address(self) -> str:
        """The address of the endpoint, without a password in it."""
        parts = urlsplit(self.base_url)
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()

    def without_secrets(self, text: str) -> str:
        """Return a text of the endpoint without its key: some repeat what they were sent."""
        return hide(text, self.api_key, urlsplit(self.base_url).password)

    def send(self, request: Request, on_send: OnSend) -> Reply:
        """Send a request and return the answer.

        Parameters
        ----------
        request : Request
            The request.
        on_send : callable
            Called immediately before each time that the request is sent. What it returns is
            called if the send was refused, and so is not billed.

        Raises
        ------
        LanguageModelError
            If the endpoint refuses the request or does not answer.
        """
        import openai

        started = time.monotonic()
        attempt = unreadable = 0
        while True:
            asked = self.arguments(request)
            try:
                refused = on_send()
                answer = self._openai().chat.completions.with_raw_response.create(
                    **asked, extra_headers={"Idempotency-Key": request.request_hash}
                )
                found = read_json(self._received(answer.http_response.content))
                if (said := _error_in(found)) is not None:
                    raise self._failed(said)
                if isinstance(found, dict) and (
                    "choices" in found or ("usage" in found and "content" not in found)
                ):
                    return reply_of(request, found, time.monotonic() - started)
                unreadable += 1
                if unreadable >= _UNREADABLE:
                    raise self._unreadable(answer.http_response.content)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                _call(refused)
                if not self._drop_feature(asked, request, str(error)):
                    raise self._failure(error) from None
            except TimeoutError as error:
                raise self._late(error) from None
            except openai.OpenAIError as error:
                if _is_late(error):
                    raise self._late(error) from None
                if _is_unbilled(error):
                    _call(refused)
                attempt += 1
                if self._stopped.wait(self._wait(error, attempt)):
                    raise self._failure(error) from None

    def stop(self) -> None:
        """Send nothing again that waits for another attempt: the run ends."""
        self._stopped.set()

    def _late(self, error: Exception) -> LanguageModelError:
        """Return the failure of an answer that did not come in time; it may be billed."""
        said = self.without_secrets(str(error.__cause__ or error))
        return LanguageModelError(
            f"{self.address} gave no answer within {self.timeout:g} s ({said}); run the same "
            "command again, with a longer --timeout"
        )

    def _wait(self, error: Exception, attempt: int) -> float:
        """Return how long to wait before the next attempt, or raise if there is none."""
        import openai

        wait = None
        if isinstance(error, openai.APIStatusError):
            temporary = is_temporary(error.status_code, f"{error} {error.body}")
            wait = requested_wait(error.response.headers)
        else:
            temporary = isinstance(error, openai.APIConnectionError)
        if not temporary or attempt > self.retries:
            raise self._failure(error) from None
        if wait is not None and wait > LONGEST_WAIT:
            raise LanguageModelError(
                f"{self.address} asks to wait {wait:.0f} s before the next request; what was "
                "answered is kept: run the same command again then"
            ) from None
        return backoff(attempt) if wait is None else wait

    def _openai(self) -> OpenAI:
        with self._lock:
            if self._made is None:
                try:
                    from openai import DefaultHttpxClient, OpenAI
                except ImportError:
                    raise LanguageModelError(
                        "a language model needs the openai client: run "
                        "\"pip install 'fame-sql[llm]'\""
                    ) from None
                self._made = OpenAI(
                    base_url=self.base_url,
                    api_key=self.api_key,
                    timeout=self.timeout,
                    max_retries=0,
                    # A redirect would send the text to a host that nobody has named.
                    http_client=DefaultHttpxClient(
                        follow_redirects=False,
                        timeout=self.timeout,
                        event_hooks={"response": [bounded(self.timeout)]},
                    ),
                )
            return self._made

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return the body of a request, with the features that the endpoint takes."""
        arguments: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
        wanted = {**request.settings, **request.parameters}.items()
        arguments |= {name: value for name, value in wanted if name not in self._refused}
        if request.max_tokens and (limit := _LIMITS[self._limit]):
            arguments[limit] = request.max_tokens
        if _MODES[self._mode] == "schema":
            schema = {"name": request.stage, "schema": request.schema, "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif _MODES[self._mode] == "json":
            arguments["response_format"] = {"type": "json_object"}
        return arguments

    def _drop_feature(self, asked: dict[str, Any], request: Request, message: str) -> bool:
        """Stop using the feature that was refused; return False if none is left to drop."""
        said = message.lower()
        if "context" in said and "length" in said:
            return False
        with self._lock:
            now = self.arguments(request)
            if now.keys() != asked.keys() or now.get("response_format") != asked.get(
                "response_format"
            ):
                return True  # another thread has dropped one in the meantime
            return self._drop(now, said)

    def _drop(self, asked: dict[str, Any], said: str) -> bool:
        limit = _LIMITS[self._limit]
        if limit is not None and limit in asked and "max_" in said and "tokens" in said:
            self._limit += 1
            return True
        optional = [name for name in _OPTIONAL if name in asked]
        named = [name for name in optional if name in said]
        is_text = self._mode == len(_MODES) - 1
        if named or (optional and "response_format" not in said and is_text):
            self._refused.add((named or optional)[0])
            return True
        if not is_text:
            self._mode += 1
            return True
        return False

    def _received(self, content: bytes) -> bytes:
        """Return an answer without the key, which the ledger would keep and export."""
        if self.api_key.encode() not in content:
            return content
        return self.without_secrets(content.decode("utf-8-sig", "replace")).encode()

    def _unreadable(self, content: bytes) -> LanguageModelError:
        text = self.without_secrets(content[:2000].decode("utf-8", "replace"))
        shown = " ".join(text[:80].split())
        return LanguageModelError(
            f"{self.address} answered twice with something else than a chat completion "
            f"({shown!r}): {advice_for_answer(text)}, and run 'fame llm check'"
        )

    def _failure(self, error: Exception) -> LanguageModelError:
        said = str(error) or type(error).__name__
        if said == "Connection error.":  # the client's words for all causes
            said = f"no connection: {_first_cause(error)}"
        return self._failed(said)

    def _failed(self, said: str) -> LanguageModelError:
        reason = printable(self.without_secrets(" ".join(said.split())))[:300]
        return LanguageModelError(f"{self.address} failed: {reason}; {advice_for(reason)}")


def _first_cause(error: BaseException) -> str:
    """Return what the first of a chain of errors says."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return str(error) or type(error).__name__


def _error_in(found: Any) -> str | None:
    """Return what an endpoint says that answers an error with status 200, or None."""
    if not isinstance(found, dict) or found.get("choices") or not found.get("error"):
        return None
    error = found["error"]
    said = error.get("message") if isinstance(error, dict) else error
    return f"it answered an error: {said}"


def _call(function: Callable[[], None] | None) -> None:
    if function is not None:
        function()


def _is_late(error: Exception) -> bool:
    import openai

    return isinstance(error, openai.APITimeoutError) or isinstance(error.__cause__, TimeoutError)


def _is_unbilled(error: Exception) -> bool:
    """Return whether a failure says that no answer was made: a refusal, or no connection."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code < 500 or error.status_code in (501, 503)
    cause = getattr(error, "__cause__", None)
    return "ConnectError" in type(cause).__name__
