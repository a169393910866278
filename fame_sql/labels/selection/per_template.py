"""Selection by template: at most K lines per template, distinct events first.

A person or a language model would give the same text the same label again, so each message is
asked for once. If the log has a label for every line, duplicates fill up K, because this is the
only way to see conflicting labels of the same text.

With value heads, the lines are also spread over the values at the wildcards.
"""

from __future__ import annotations

from string import Template

from fame_sql import sql
from fame_sql.canonical.parameters import IN_SQL
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse.values import wants_value_heads
from fame_sql.warehouse.warehouse import Warehouse

PER_TEMPLATE = 20
PER_EVENT = 3
_MOST = 2**63 - 1


def choose_lines(
    warehouse: Warehouse, per_template: int, per_event: int, eligible: str = "TRUE"
) -> None:
    """Fill the temporary table ``chosen_lines`` with lines of the training period to label.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with templates.
    per_template : int
        K: maximum number of lines of a template.
    per_event : int
        Maximum number of distinct messages of an event.
    eligible : str
        A SQL condition on ``periods`` and ``events``. It is trusted: never pass text from a log.

    Raises
    ------
    MissingStageError
        If there are no templates.
    InputError
        If a maximum is out of range.
    """
    if not (1 <= per_template <= _MOST and 1 <= per_event <= _MOST):
        raise InputError(
            f"the lines per template and per event must be from 1 to {_MOST}, not {per_template} "
            f"and {per_event}; leave them out for {PER_TEMPLATE} and {PER_EVENT}"
        )
    check_templates(warehouse)
    opened = Template(sql.load("labels/open_messages")).substitute(eligible=eligible)
    warehouse.connection.execute(opened)
    spread = wants_value_heads(warehouse.connection)
    facts = {"per_template": per_template, "spread": spread}
    statement = Template(sql.load("labels/spread_lines")).substitute(IN_SQL)
    warehouse.connection.execute(statement, facts)
    facts = {"per_template": per_template, "per_event": per_event}
    warehouse.connection.execute(sql.load("labels/choose_lines"), facts)


def check_templates(warehouse: Warehouse) -> None:
    """Check that templates have been mined.

    Raises
    ------
    MissingStageError
        If there are none.
    """
    if not warehouse.value("SELECT count(*) FROM fame.templates"):
        raise MissingStageError("no templates", "fame mine")


def repeat_lines(warehouse: Warehouse, per_template: int, eligible: str) -> None:
    """Add duplicates to ``chosen_lines``, up to K lines per template.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse on which :func:`choose_lines` has run.
    per_template : int
        K: maximum number of lines of a template.
    eligible : str
        As for :func:`choose_lines`; trusted.
    """
    statement = Template(sql.load("labels/repeat_lines")).substitute(eligible=eligible)
    warehouse.connection.execute(statement, {"per_template": per_template})
