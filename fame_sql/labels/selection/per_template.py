"""Which lines are judged: at most K a template, distinct events first.

A person or a language model would say the same of the same text again, so a message is asked for
once. Where each line has a label of its own, K is spent on further lines of the same messages:
that the labels of one text conflict can be seen in no other way.
"""

from __future__ import annotations

from string import Template

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse.warehouse import Warehouse

PER_TEMPLATE = 20
PER_EVENT = 3


def choose_lines(
    warehouse: Warehouse, per_template: int, per_event: int, eligible: str = "TRUE"
) -> None:
    """Make the temporary table ``chosen_lines`` of lines of the training period to judge.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates have been mined.
    per_template : int
        K: at most so many lines of a template.
    per_event : int
        At most so many distinct messages of one event.
    eligible : str
        A condition in SQL on ``periods`` and ``events``, trusted: never text from a log.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    """
    if per_template < 1 or per_event < 1:
        raise InputError("K and the lines an event must be at least 1")
    if not warehouse.value("SELECT count(*) FROM fame.templates"):
        raise MissingStageError("no templates", "fame mine")
    statement = Template(sql.load("labels/choose_lines")).substitute(eligible=eligible)
    warehouse.connection.execute(statement, {"per_template": per_template, "per_event": per_event})


def repeat_lines(warehouse: Warehouse, per_template: int, eligible: str) -> None:
    """Add lines to ``chosen_lines``, up to K of a template, whose messages are chosen already.

    Parameters
    ----------
    warehouse : Warehouse
        Where :func:`choose_lines` has run.
    per_template : int
        K: at most so many lines of a template.
    eligible : str
        As of :func:`choose_lines`, trusted.
    """
    statement = Template(sql.load("labels/repeat_lines")).substitute(eligible=eligible)
    warehouse.connection.execute(statement, {"per_template": per_template})
