"""How messages of unseen templates are handled, and what that costs.

By default a new template waits in the *queue* for an answer (``fame.label_queue``), and its lines
that the words alone call anomalous are reported meanwhile. Under *alert* they are reported by
their score without a queue, under *queue-only* not before the answer. The score is the same under
each policy; the view ``anomalies`` and the live ``fame_action`` follow the policy. What has been
answered is no longer new.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.models import champion, load
from fame_sql.students.calibration.thresholds import (
    MILLION,
    Threshold,
    check_target,
    needed,
    thresholds_in_force,
)
from fame_sql.verdict.label_words import NORMAL_IN_LOGS, Answer
from fame_sql.warehouse import settings
from fame_sql.warehouse.definitions import load_by_value
from fame_sql.warehouse.warehouse import Warehouse

UNSEEN = ("alert", "queue-only", "queue")
"""How messages of unseen templates can be handled; ``queue`` is the default."""

FORMER = {"both": "queue"}
"""Former names of policies, which are still accepted."""


@dataclass(frozen=True)
class Cost:
    """What a policy costs per million lines like those held out.

    Parameters
    ----------
    unseen : str
        The policy.
    false_alarms, at_most : float or None
        Normal lines that are alerted: expected, and the upper end of the 95 % interval; None
        without held-out evidence.
    queued : float or None
        Lines of templates that are queued for a label.
    """

    unseen: str
    false_alarms: float | None
    at_most: float | None
    queued: float | None


@dataclass(frozen=True)
class PolicyReport:
    """The policy in force, and what each policy would cost.

    Parameters
    ----------
    unseen : str
        The policy in force.
    max_false_alarms : float or None
        Maximum false alarms per million lines; None without a target.
    known, unseen_threshold : Threshold
        The thresholds for known and unseen templates, with the held-out evidence.
    unseen_share : float or None
        Share of lines of the calibration slice whose templates do not occur before it.
    costs : tuple of Cost
        The costs of each policy.
    waiting : int
        Current rows of ``fame.label_queue``.
    model_version : str
        The champion.
    """

    unseen: str
    max_false_alarms: float | None
    known: Threshold
    unseen_threshold: Threshold
    unseen_share: float | None
    costs: tuple[Cost, ...]
    waiting: int
    model_version: str

    def unsupported(self) -> list[str]:
        """Return a sentence for each threshold whose evidence is too small for the target."""
        target = self.max_false_alarms
        if target is None:
            return []
        parts = (
            ("known", self.known, "events"),
            ("unseen", self.unseen_threshold, "templates"),
        )
        return [
            f"{name} templates: held-out {what} worth {threshold.size:.1f} of equal frequency "
            f"cannot show that there are at most {target:g} false alarms per million lines; that "
            f"takes {needed(target)} without one, so the most cautious threshold is used"
            for name, threshold, what in parts
            if not threshold.meets(target)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        values = asdict(self)
        values["unseen_line"] = values.pop("unseen_threshold")
        return {**values, "unsupported": self.unsupported()}


def read_unseen(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the policy for unseen templates of the warehouse that ``connection`` reads."""
    return str(connection.execute("SELECT unseen FROM fame.policy").fetchall()[0][0])


def set_unseen(warehouse: Warehouse, unseen: str) -> None:
    """Set how messages of unseen templates are handled.

    Raises
    ------
    InputError
        If it is not one of :data:`UNSEEN`.
    """
    unseen = FORMER.get(unseen, unseen)
    if unseen not in UNSEEN:
        raise InputError(f"unseen messages can be handled as {', '.join(UNSEEN)}, not {unseen!r}")
    settings.write(warehouse.connection, settings.UNSEEN, unseen)


def read_target(warehouse: Warehouse) -> float | None:
    """Return the maximum of false alarms per million lines; None without a target."""
    value = settings.read(warehouse.connection, settings.MAX_FALSE_ALARMS)
    return None if value is None else float(value)


def store_target(warehouse: Warehouse, target: float | None) -> None:
    """Store the false-alarm target for all later trainings; None removes it.

    Raises
    ------
    InputError
        If it is not above 0 and below a million.
    """
    if target is None:
        settings.remove(warehouse.connection, settings.MAX_FALSE_ALARMS)
    else:
        value = repr(check_target(target))
        settings.write(warehouse.connection, settings.MAX_FALSE_ALARMS, value)


def action(
    unseen: str, *, is_anomaly: bool, known_template: bool, answer: Answer | None = None
) -> str:
    """Return what is done about a message: ``alert``, ``queue``, ``both`` or ``none``."""
    is_new = not known_template and answer is None
    alerted = is_anomaly and not (is_new and unseen == "queue-only")
    queued = is_new and unseen != "alert"
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
    known, unseen = thresholds_in_force(student.held_out, student.calibration)
    slice_ = warehouse.records(sql.load("scoring/unseen_share"))[0]
    share = slice_["unseen"] / slice_["lines"] if slice_["lines"] else None
    return PolicyReport(
        unseen=read_unseen(warehouse.connection),
        max_false_alarms=read_target(warehouse),
        known=known,
        unseen_threshold=unseen,
        unseen_share=share,
        costs=tuple(_cost(policy, known, unseen, share) for policy in UNSEEN),
        waiting=warehouse.value("SELECT count(*) FROM fame.label_queue"),
        model_version=record.model_version,
    )


def _cost(policy: str, known: Threshold, unseen: Threshold, share: float | None) -> Cost:
    if share is None:
        return Cost(policy, false_alarms=None, at_most=None, queued=None)
    alerted = policy != "queue-only"
    return Cost(
        policy,
        false_alarms=_mixed(known.false_alarms, unseen.false_alarms if alerted else 0.0, share),
        at_most=_mixed(known.at_most, unseen.at_most if alerted else 0.0, share),
        queued=0.0 if policy == "alert" else share * MILLION,
    )


def _mixed(known: float | None, unseen: float | None, share: float) -> float | None:
    """Return the mean of two rates by the shares of their lines; one without lines may be None."""
    if (known is None and share < 1) or (unseen is None and share > 0):
        return None
    return (known or 0.0) * (1 - share) + (unseen or 0.0) * share


def measured_costs(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return what each policy would have done on the scored lines after the split.

    Returns
    -------
    list of dict
        For each policy: ``found``, the anomalous lines alerted; ``false_alarms`` and
        ``false_alarms_per_million`` among labelled lines; ``queued_lines`` and
        ``queued_templates``, with the anomalous lines among them (``queued_anomalies``).
    """
    normal = {"normal": list(NORMAL_IN_LOGS)}
    statement = load_by_value(warehouse.connection, "scoring/later")
    row = warehouse.records(statement, normal)[0]
    return [_measured(policy, row) for policy in UNSEEN]


def _measured(policy: str, row: dict[str, Any]) -> dict[str, Any]:
    alerted, queued = policy != "queue-only", policy != "alert"
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
