"""OpenTelemetry spans of commands and their steps: off unless the usual variables ask for them.

``OTEL_EXPORTER_OTLP_ENDPOINT``, or ``OTEL_TRACES_EXPORTER`` with ``otlp`` or ``console``, turns
them on. They say what ran, how long it took and whether it failed, and hold neither arguments nor
messages of errors, which can quote the log. Nothing of OpenTelemetry is imported otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from fame_sql.console import Progress, Step

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PATIENCE_MS = 5_000
_tracer: Any = None


def exporter_wanted(environment: Mapping[str, str]) -> str:
    """Return which exporter the variables ask for: ``otlp``, ``console``, or nothing."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if named:
        return named if named in ("otlp", "console") else ""
    return "otlp" if any(environment.get(name, "").strip() for name in _ENDPOINTS) else ""


@contextmanager
def command_span() -> Iterator[None]:
    """Trace a command while the block runs, if that is wanted."""
    global _tracer
    wanted = exporter_wanted(os.environ)
    provider = _provider(wanted) if wanted else None
    if provider is None:
        yield
        return
    _tracer = provider.get_tracer("fame_sql")
    try:
        with _span("fame"):
            yield
    finally:
        _tracer = None
        provider.force_flush(_PATIENCE_MS)
        provider.shutdown()


def name_command(name: str) -> None:
    """Name the span of the command that runs."""
    if _tracer is not None:
        from opentelemetry import trace

        span = trace.get_current_span()
        span.update_name(f"fame {name}")
        span.set_attribute("fame.command", name)


def traced(progress: Progress) -> Progress:
    """Return progress that also traces each step, if that is wanted."""
    return progress if _tracer is None else _TracedProgress(progress)


class _TracedProgress:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        # The name of a file is an argument, and would make a name of its own of each span.
        name = "reading" if what.startswith("reading ") else what
        with _span(name) as span, self._progress.step(what, total) as step:
            counted = _Counted(step)
            try:
                yield counted
            finally:
                span.set_attribute("fame.done", counted.done)
                if total is not None:
                    span.set_attribute("fame.total", total)


class _Counted:
    def __init__(self, step: Step) -> None:
        self._step = step
        self.done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount
        self._step.advance(amount)


@contextmanager
def _span(name: str) -> Iterator[Any]:
    """Open a span, marked as failed by the kind of the error alone."""
    from opentelemetry.trace import Status, StatusCode

    with _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            if not (isinstance(error, click.exceptions.Exit) and error.exit_code == 0):
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", type(error).__name__)
            raise


def _provider(wanted: str) -> Any:
    """Return what exports spans, None if it is not installed."""
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter(wanted)
    except ImportError:
        click.echo(
            "spans are asked for by OTEL_ variables, and OpenTelemetry is not installed: "
            "pip install 'fame-sql[otel]'",
            err=True,
        )
        return None
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    resource = Resource.create({} if named else {"service.name": "fame-sql"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _exporter(wanted: str) -> Any:
    if wanted == "console":
        import sys

        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        # Results go to stdout.
        return ConsoleSpanExporter(out=sys.stderr)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
