"""Verdicts on events as they come: those after the last one that was judged.

Reading and judging need no lock, so that lines can be stored meanwhile; only what was found is
stored in a transaction. The verdicts are those of :func:`~fame_sql.scoring.scoring.score_events`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from fame_sql.models.model import Model
from fame_sql.scoring.cache import shared_cache
from fame_sql.scoring.scoring import store_verdicts, verdict_table
from fame_sql.templates.matching import assign
from fame_sql.templates.templates import read_templates
from fame_sql.warehouse.lake.kind import load_for
from fame_sql.warehouse.warehouse import Warehouse

MOST = 4096
"""The most events that are judged at once."""


@dataclass(frozen=True)
class Judged:
    """Some events that have been judged.

    Parameters
    ----------
    last : int
        The last of them.
    matched : list of (int, str)
        Events without a template, and the template that matches.
    verdicts : pyarrow.Table
        The verdicts.
    is_all : bool
        Whether no event was left when these were read.
    """

    last: int
    matched: list[tuple[int, str]]
    verdicts: pa.Table
    is_all: bool


class Arrivals:
    """The events that a model has not judged, in the order in which they came.

    Parameters
    ----------
    warehouse : Warehouse
        Where the events are, on a connection of the caller's thread.
    model : Model
        The model.
    """

    def __init__(self, warehouse: Warehouse, model: Model) -> None:
        self._warehouse = warehouse
        self._model = model
        self._templates = read_templates(warehouse)
        # Kept here, as the shared cache lives as long as someone holds it.
        self._cache = shared_cache(model.version)
        self._after = 0

    @property
    def version(self) -> str:
        """The version of the model."""
        return self._model.version

    def judge(self) -> Judged | None:
        """Return the next events with their verdicts, None if all are judged."""
        rows = self._warehouse.rows(
            load_for(self._warehouse.connection, "scoring/arrived"),
            {"after": self._after, "most": MOST, "model_version": self.version},
        )
        if not rows:
            return None
        known = self._cache.judge(self._model, [canonical for _, canonical, _ in rows])
        matched = []
        for event_id, canonical, is_unmatched in rows:
            template = self._templates.match(canonical) if is_unmatched else None
            if template is not None:
                matched.append((event_id, template.template_id))
        verdicts = verdict_table([row[0] for row in rows], [known[row[1]] for row in rows])
        return Judged(rows[-1][0], matched, verdicts, is_all=len(rows) < MOST)

    def store(self, judged: Judged) -> None:
        """Store verdicts and templates, in one transaction; nobody else may write meanwhile."""
        with self._warehouse.transaction():
            assign(self._warehouse, judged.matched)
            store_verdicts(self._warehouse.connection, judged.verdicts)
        self._after = judged.last
