"""Fitting the value heads of a warehouse: one for each template whose values tell more than words.

The verdict that a head has to beat is a words head of the template's domain that has not seen the
labels of the fold, whatever the preset of the students.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql import sql
from fame_sql.students import LabelledEvents, StudentConfig
from fame_sql.students.calibration.calibration import sigmoid
from fame_sql.students.fitting.regression import one_thread
from fame_sql.students.words.training import unseen_log_odds
from fame_sql.values.fitting import FEWEST, LabelledMessages, fit, folds, has_enough
from fame_sql.values.head import DIGITS, ValueHead
from fame_sql.values.heads import NO_HEADS, ValueHeads
from fame_sql.warehouse.values import (
    has_models,
    is_unsaid,
    wants_value_heads,
    write_value_heads,
)
from fame_sql.warehouse.warehouse import Warehouse

_Row = dict[str, Any]


def settle_value_heads(warehouse: Warehouse, config: StudentConfig) -> None:
    """Write down before a first training whether values decide: by default with words alone."""
    connection = warehouse.connection
    if is_unsaid(connection) and not has_models(connection):
        write_value_heads(connection, wanted=not config.has_encoder)


def count_unread_values(warehouse: Warehouse) -> int:
    """Return how many templates values might decide, if they do not because nobody has said so."""
    if not is_unsaid(warehouse.connection):
        return 0
    labelled = warehouse.rows(sql.load("training/count_labels_of_mixed_templates"))
    return sum(min(anomalous, normal) >= FEWEST for anomalous, normal in labelled)


def read_heads(warehouse: Warehouse) -> ValueHeads:
    """Return the value heads of a warehouse, none if they are not wanted."""
    if not wants_value_heads(warehouse.connection):
        return NO_HEADS
    return ValueHeads.of(fit_heads(warehouse))


def fit_heads(warehouse: Warehouse) -> list[ValueHead]:
    """Fit a head to each template with mixed labels, and return those that are worth using.

    Parameters
    ----------
    warehouse : Warehouse
        Where templates are labelled and grouped into domains.
    """
    rows = warehouse.records(sql.load("training/labelled_messages"))
    of_domain, of_template = defaultdict(list), defaultdict(list)
    for row in rows:
        of_domain[row["domain"]].append(row)
        if row["message"] is not None:
            of_template[row["template_id"]].append(row)
    with one_thread():
        fitted = [
            _fit(template, labelled, of_domain[labelled[0]["domain"]])
            for template, labelled in sorted(of_template.items())
        ]
    return [head for head in fitted if head is not None]


def _fit(template: str, labelled: Sequence[_Row], of_domain: Sequence[_Row]) -> ValueHead | None:
    anomalous = np.array([row["is_anomaly"] for row in labelled])
    if not has_enough(anomalous):
        return None
    messages = [row["message"] for row in labelled]
    others = [row for row in of_domain if row["template_id"] != template]
    verdict = np.full(len(labelled), 0.5)
    for held_out in folds(anomalous):
        known = [row for row, out in zip(labelled, held_out, strict=True) if not out]
        texts = [labelled[at]["canonical"] for at in np.flatnonzero(held_out).tolist()]
        verdict[held_out] = sigmoid(unseen_log_odds(_events([*known, *others]), texts))
    return fit(template, LabelledMessages(messages, anomalous, np.round(verdict, DIGITS)))


def _events(rows: Sequence[_Row]) -> LabelledEvents:
    """Return labels as events, each with the share of its labels that are anomalous."""
    labels: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        labels[row["canonical"]].append(row["is_anomaly"])
    share = np.array([np.mean(of_event) for of_event in labels.values()])
    nothing: npt.NDArray[np.int64] = np.zeros(len(labels), dtype=np.int64)
    return LabelledEvents(
        list(labels), share, nothing, np.ones(len(labels)), nothing.astype(np.bool_)
    )
