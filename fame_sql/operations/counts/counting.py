"""Lines counted by service, template and half minute, kept up to date for new and late lines."""

from __future__ import annotations

from string import Template

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

_TABLES = ("line_counts", "count_buckets")
_ADDING = ("counted_lines", "add_lines", "add_buckets", "add_gaps", "remember_untested")


def count_lines(
    warehouse: Warehouse, *, recount: bool = False, progress: Progress | None = None
) -> int:
    """Count the lines that are new since the last time, inside the caller's transaction.

    A half minute that has got new lines is counted again as a whole, so that late lines, and a
    last line that was read twice because it grew, count once.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    recount : bool
        Count all lines again.
    progress : Progress, optional
        Receives the progress by statements.

    Returns
    -------
    int
        How many half minutes have other counts than before. They are remembered in
        ``fame.untested_counts``.
    """
    connection = warehouse.connection
    known = settings.read(connection, settings.COUNTED_UNTIL)
    recount = recount or known is None or warehouse.value(_load("moved_events"))
    if recount:
        connection.execute("DELETE FROM fame.counted_events")
    connection.execute(_load("new_events"))
    after = -1 if recount else int(known or -1)
    newest = warehouse.value(_load("newest_line"))
    if not recount and newest <= after:
        return 0
    _touch(warehouse, after, recount)
    for table in _TABLES:
        connection.execute(_load("forget_touched", table=table))
    logs = "all_logs" if recount else "logs"
    with (progress or SilentProgress()).step("counting lines", len(_ADDING)) as shown:
        for step in _ADDING:
            given = {"after": after} if step == "counted_lines" else None
            connection.execute(_load(step, logs=logs), given)
            shown.advance()
    if recount:
        connection.execute(_load("forget_found"))
        settings.write(connection, settings.COUNTS_RECOUNTED, "true")
    settings.write(connection, settings.COUNTED_UNTIL, str(newest))
    return int(warehouse.value("SELECT count(*) FROM touched_buckets"))


def _touch(warehouse: Warehouse, after: int, recount: bool) -> None:
    if recount:
        warehouse.connection.execute(_load("touched_by_all"))
    else:
        warehouse.connection.execute(_load("touched"), {"after": after})


def _load(name: str, **words: str) -> str:
    return Template(sql.load(f"operations/counts/{name}")).safe_substitute(words)
