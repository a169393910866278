"""Templates in the embedding space of the champion's encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fame_sql import sql
from fame_sql.domains.grouping import TemplateSummary
from fame_sql.errors import MissingStageError, ModelError
from fame_sql.warehouse.warehouse import Warehouse


def encoder_vectors(
    warehouse: Warehouse, templates: Sequence[TemplateSummary]
) -> npt.NDArray[np.float64] | None:
    """Return the champion's embedding of each template's first canonical text.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse with the champion.
    templates : sequence of TemplateSummary
        The templates.

    Returns
    -------
    array, shape (templates, width), or None
        None if there is no usable champion, because certification comes before the first
        training, or if the champion has no encoder.
    """
    from fame_sql.models import load_champion

    try:
        model = load_champion(warehouse)
    except (MissingStageError, ModelError):
        return None
    texts = dict(warehouse.rows(sql.load("domains/first_events")))
    return model.student.vectors([texts.get(t.template_id, t.template) for t in templates])
