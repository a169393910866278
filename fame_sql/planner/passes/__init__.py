"""The passes of the planner, in their order.

Each takes a tree and a context, and returns the tree, or raises
:class:`~fame_sql.planner.tree.NotPlannedError` with the reason. Its docstring shows SQL before
and after, and what it refuses.

A refusal by one of ``BEFORE`` or ``AFTER`` leaves the statement alone, by one of ``PER_CALL`` that
call, and by one of ``PER_MESSAGE`` the calls on that message in that SELECT.
"""

from __future__ import annotations

from fame_sql.planner.passes.check_evaluation import check_place, check_read, find_guard
from fame_sql.planner.passes.check_statement import (
    accept,
    check_accepted,
    check_calls,
    check_kind,
    check_syntax,
    check_volatile,
)
from fame_sql.planner.passes.find_source import check_source, find_event, find_source
from fame_sql.planner.passes.join_answers import join_answers
from fame_sql.planner.passes.name_columns import name_outermost, name_projections
from fame_sql.planner.passes.name_sources import name_columns_once, name_files
from fame_sql.planner.passes.order import check_order, order_by_line
from fame_sql.planner.passes.score_missing import score_missing
from fame_sql.planner.passes.unfold_macros import unfold_macros
from fame_sql.planner.passes.unfold_views import unfold_views
from fame_sql.planner.scope import rename_ctes

BEFORE = (
    check_kind,
    check_syntax,
    unfold_macros,
    check_calls,
    check_volatile,
    unfold_views,
    check_accepted,
    rename_ctes,
    name_outermost,
    name_files,
    name_columns_once,
)
"""On the whole statement, with a :class:`~fame_sql.planner.context.Context`."""

PER_CALL = (check_place, find_guard, order_by_line, check_order, check_read, find_source)
"""On each call in one SELECT, with :class:`~fame_sql.planner.context.Calls` of one call."""

PER_MESSAGE = (check_source, find_event, name_projections, score_missing, join_answers)
"""On the calls on one message in one SELECT, with their ``Calls``."""

AFTER = (accept,)
"""On the whole statement again."""
