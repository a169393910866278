"""What is done about messages of templates that nobody has seen, and what that costs.

A guess about the unseen may be *alerted* by its score, put in a *queue* for labels
(``fame.label_queue``), or *both*. The score is the same under each; the view ``anomalies`` and the
live ``fame_action`` follow the policy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.models import champion, load
from fame_sql.students.calibration.targets import (
    MILLION,
    Line,
    check_target,
    lines_in_force,
    needed,
)
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

UNSEEN = ("alert", "queue", "both")
"""What can be done about the unseen; ``both`` where nothing is set."""


@dataclass(frozen=True)
class Cost:
    """What a policy costs in a million lines like those held out.

    Parameters
    ----------
    unseen : str
        The policy.
    false_alarms, at_most : float or None
        Normal lines that are alerted: expected, and the upper end of the 95 % interval; None
        where nothing was held out to tell from.
    queued : float or None
        Lines of templates that wait for a label.
    """

    unseen: str
    false_alarms: float | None
    at_most: float | None
    queued: float | None


@dataclass(frozen=True)
class PolicyReport:
    """The policy in force and what each would cost.

    Parameters
    ----------
    unseen : str
        The policy in force.
    max_false_alarms : float or None
        The target, a million lines.
    known, unseen_line : Line
        The decision lines for known and unseen templates, with what was held out.
    unseen_share : float or None
        Share of the calibration slice's lines whose templates the lines before did not have.
    costs : tuple of Cost
        One for each policy.
    waiting : int
        Rows of ``fame.label_queue`` now.
    model_version : str
        The champion.
    """

    unseen: str
    max_false_alarms: float | None
    known: Line
    unseen_line: Line
    unseen_share: float | None
    costs: tuple[Cost, ...]
    waiting: int
    model_version: str

    def unsupported(self) -> list[str]:
        """Return a sentence for each line whose held-out evidence is too small for the target."""
        target = self.max_false_alarms
        if target is None:
            return []
        parts = (
            ("known", self.known, "events"),
            ("unseen", self.unseen_line, "templates"),
        )
        return [
            f"{name} templates: held-out {what} worth {line.size:.1f} of equal frequency cannot "
            f"show that at most {target:g} false alarms come on a million lines; that takes "
            f"{needed(target)} without one, so the most cautious line that they give is used"
            for name, line, what in parts
            if not line.meets(target)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {**asdict(self), "unsupported": self.unsupported()}


def read_unseen(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the policy for the unseen of the warehouse that ``connection`` reads."""
    return str(connection.execute("SELECT unseen FROM fame.policy").fetchall()[0][0])


def set_unseen(warehouse: Warehouse, unseen: str) -> None:
    """Say what is done about messages of unseen templates, from now on.

    Raises
    ------
    InputError
        If it is none of :data:`UNSEEN`.
    """
    if unseen not in UNSEEN:
        raise InputError(f"unseen messages can be handled as {', '.join(UNSEEN)}, not {unseen!r}")
    settings.write(warehouse.connection, settings.UNSEEN, unseen)


def read_target(warehouse: Warehouse) -> float | None:
    """Return how many false alarms a million lines are aimed at, None without a target."""
    value = settings.read(warehouse.connection, settings.MAX_FALSE_ALARMS)
    return None if value is None else float(value)


def store_target(warehouse: Warehouse, target: float | None) -> None:
    """Keep a target for every training to come; None forgets it.

    Raises
    ------
    InputError
        If it is no number above 0 and below a million.
    """
    if target is None:
        settings.remove(warehouse.connection, settings.MAX_FALSE_ALARMS)
    else:
        value = repr(check_target(target))
        settings.write(warehouse.connection, settings.MAX_FALSE_ALARMS, value)


def action(unseen: str, *, is_anomaly: bool, known_template: bool) -> str:
    """Return what is done about a message: ``alert``, ``queue``, ``both`` or ``none``."""
    alerted = is_anomaly and (known_template or unseen != "queue")
    queued = not known_template and unseen != "alert"
    if alerted and queued:
        return "both"
    return "alert" if alerted else "queue" if queued else "none"


def report(warehouse: Warehouse) -> PolicyReport:
    """Return the policy in force, and what each would cost by the champion's held-out events.

    Raises
    ------
    MissingStageError
        If no model is published.
    ModelError
        If it cannot be read.
    """
    record = champion(warehouse)
    student = load(record.folder).student
    known, unseen = lines_in_force(student.held_out, student.calibration)
    lines, unseen_lines = warehouse.rows(sql.load("scoring/unseen_share"))[0]
    share = unseen_lines / lines if lines else None
    return PolicyReport(
        unseen=read_unseen(warehouse.connection),
        max_false_alarms=read_target(warehouse),
        known=known,
        unseen_line=unseen,
        unseen_share=share,
        costs=tuple(_cost(policy, known, unseen, share) for policy in UNSEEN),
        waiting=warehouse.value("SELECT count(*) FROM fame.label_queue"),
        model_version=record.model_version,
    )


def _cost(policy: str, known: Line, unseen: Line, share: float | None) -> Cost:
    if share is None:
        return Cost(policy, None, None, None)
    alerted = policy != "queue"
    return Cost(
        policy,
        _mixed(known.false_alarms, unseen.false_alarms if alerted else 0.0, share),
        _mixed(known.at_most, unseen.at_most if alerted else 0.0, share),
        0.0 if policy == "alert" else share * MILLION,
    )


def _mixed(known: float | None, unseen: float | None, share: float) -> float | None:
    """Weigh two rates by the shares of their lines; a rate that no line has need not be known."""
    if (known is None and share < 1) or (unseen is None and share > 0):
        return None
    return (known or 0.0) * (1 - share) + (unseen or 0.0) * share


def measured_costs(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return what each policy would have done on the scored lines after the split.

    Returns
    -------
    list of dict
        For each policy: ``found`` anomalous lines alerted, ``false_alarms`` and
        ``false_alarms_per_million`` among labelled lines, and the lines and templates that
        ``queued``, with the anomalous lines among them (``queued_anomalies``).
    """
    row = warehouse.records(sql.load("scoring/later"))[0]
    return [_measured(policy, row) for policy in UNSEEN]


def _measured(policy: str, row: dict[str, Any]) -> dict[str, Any]:
    alerted, queued = policy != "queue", policy != "alert"
    false_alarms = row["known_false"] + (row["unseen_false"] if alerted else 0)
    labelled = row["labelled"]
    return {
        "unseen": policy,
        "found": row["known_found"] + (row["unseen_found"] if alerted else 0),
        "false_alarms": false_alarms,
        "false_alarms_per_million": false_alarms * MILLION / labelled if labelled else None,
        "queued_lines": row["unseen_lines"] if queued else 0,
        "queued_templates": row["unseen_members"] if queued else 0,
        "queued_anomalies": row["unseen_anomalies"] if queued else 0,
    }
