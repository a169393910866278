"""What a training learns from: the failure domains, and the labelled events in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.models.explanation import LONGEST, Example, Examples, label_of
from fame_sql.students import DomainSpec, LabelledEvents
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.verdict.label_words import DomainKind


@dataclass(frozen=True)
class LabelledData:
    """Rows of the warehouse, in the forms in which students and model folders need them.

    Parameters
    ----------
    specs : list of dict
        The domains in the students' order: name, kind, description, labels.
    rows : list of dict
        The labelled events: canonical text, share of anomalous labels, domain, lines.
    """

    specs: list[dict[str, Any]]
    rows: list[dict[str, Any]]

    @property
    def names(self) -> list[str]:
        """The names of the domains, in order."""
        return [spec["name"] for spec in self.specs]

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of events, domains and experts."""
        return {
            "labelled_events": len(self.rows),
            "domains": len(self.specs),
            "anomalous_events": sum(row["anomalous"] > 0 for row in self.rows),
            "experts": sum(spec["kind"] == "mixed" for spec in self.specs),
        }

    @property
    def domains(self) -> list[DomainSpec]:
        """The domains, as students see them."""
        return [DomainSpec(spec["name"], cast("DomainKind", spec["kind"])) for spec in self.specs]

    @cached_property
    def events(self) -> LabelledEvents:
        """The events, as students read them."""
        rows = self.rows
        return LabelledEvents(
            canonical=[row["canonical"] for row in rows],
            is_anomaly=np.array([row["anomalous"] for row in rows], dtype=np.float64),
            domain=np.array([row["domain"] for row in rows], dtype=np.int64),
            weight=np.array([row["lines"] for row in rows], dtype=np.float64),
            calibration=np.array([row["is_calibration"] for row in rows], dtype=np.bool_),
            template=np.unique([row["template_id"] for row in rows], return_inverse=True)[1],
        )

    @property
    def examples(self) -> Examples:
        """The events, as explanations show them."""
        return Examples(
            [Example(r["canonical"][:LONGEST], label_of(r["anomalous"])) for r in self.rows]
        )


def read_labelled(warehouse: Warehouse) -> LabelledData:
    """Read the domains and the labelled events.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If all labelled events are anomalous, or all normal.
    """
    if not warehouse.value("SELECT count(*) FROM fame.labels"):
        raise MissingStageError("no labels", "fame label")
    specs = warehouse.records(sql.load("training/domains"))
    if not specs:
        raise MissingStageError("no failure domains", "fame domains")
    rows = warehouse.records(sql.load("training/labelled_events"))
    if not rows:
        raise MissingStageError("no labelled event has a failure domain", "fame domains")
    if all(row["anomalous"] == 1 for row in rows):
        raise InputError(
            f"all {len(rows)} labelled events are anomalous, so a model would report every "
            "message: judge some normal lines as well, with 'fame label export FILE'"
        )
    if not any(row["anomalous"] for row in rows):
        raise InputError(
            f"all {len(rows)} labelled events are normal, so a model would report nothing: see "
            "what 'fame look' finds and judge such lines, with 'fame label review'"
        )
    return LabelledData(specs, rows)
