"""Progress bars on stderr."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fame_sql.cli.options.quiet import is_quiet
from fame_sql.cli.tracing import traced
from fame_sql.console import PART, Progress, SilentProgress, Step

if TYPE_CHECKING:
    import duckdb
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


def terminal_progress() -> Progress:
    """Return progress that draws on stderr if that is a terminal, else one that is silent."""
    return traced(TerminalProgress() if talks() else SilentProgress())


@contextmanager
def asking(connection: duckdb.DuckDBPyConnection, what: str) -> Iterator[None]:
    """Show how far a statement is while the block runs it."""
    from fame_sql.warehouse.progress import statement_progress

    with terminal_progress().step(what, PART) as step, statement_progress(connection, step):
        yield


def talks() -> bool:
    """Return whether a person reads stderr and has not asked for quiet."""
    return sys.stderr.isatty() and not is_quiet()


class TerminalProgress:
    """Draws one bar for each step, with the time left."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Show a bar while the block runs."""
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        with RichProgress(console=Console(stderr=True), transient=True) as drawn:
            yield _Drawn(drawn, drawn.add_task(what, total=total))


class _Drawn:
    def __init__(self, drawn: RichProgress, task: TaskID) -> None:
        self.advance: Callable[..., None] = functools.partial(self._advance, drawn, task)

    @staticmethod
    def _advance(drawn: RichProgress, task: TaskID, amount: int = 1) -> None:
        drawn.advance(task, amount)
