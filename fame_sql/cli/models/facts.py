"""The facts on a model that several commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fame_sql.models import ModelRecord
    from fame_sql.warehouse.warehouse import Warehouse

COUNTS = ("labelled_events", "anomalous_events", "domains", "experts")
PROMOTION = ("promoted_at", "author", "reason")
LISTED = (
    *("model_version", "stage", "created_at", "labelled_events", "domains", "experts"),
    *("megabytes", "promoted_at", "author", "reason"),
)


def model_facts(warehouse: Warehouse, record: ModelRecord) -> dict[str, Any]:
    """Return a model as one row, with its last promotion.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse that has the model.
    record : ModelRecord
        The model; its size is None if its folder is gone.
    """
    from fame_sql.models import promotions, size_of

    promoted = promotions(warehouse, record.model_version)
    last = promoted[-1] if promoted else dict.fromkeys(PROMOTION)
    size = size_of(record.folder) or None
    return {
        "model_version": record.model_version,
        "stage": record.stage,
        "created_at": str(record.created_at)[:19],
        "folder": str(record.folder),
        "bytes": size,
        "megabytes": None if size is None else round(size / 1e6, 2),
        **{name: record.metrics.get(name) for name in COUNTS},
        "promoted_at": str(last["promoted_at"])[:19] if promoted else None,
        "author": last["author"],
        "reason": last["reason"],
    }
