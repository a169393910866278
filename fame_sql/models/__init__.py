"""Model folders, and the registry of models in the warehouse.

A folder holds ``model.json`` (recipe, templates, domains), the student's files, the labelled
examples, ``metrics.json`` (facts of the training), ``README.md`` (the model card, written from the
other files) and ``manifest.json`` with the SHA-256 of each file; every load checks them. A model's
version is a hash of the files that determine its scores. Pickle is never used.
"""

from __future__ import annotations

from fame_sql.models.folder import derive, export, load, read_kinds, read_metrics, save
from fame_sql.models.manifest import FORMAT, check, size_of
from fame_sql.models.registry import (
    ModelRecord,
    champion,
    find,
    load_champion,
    load_published,
    load_record,
    models,
    promote,
    promotions,
    publish,
)

__all__ = [
    "FORMAT",
    "ModelRecord",
    "champion",
    "check",
    "derive",
    "export",
    "find",
    "load",
    "load_champion",
    "load_published",
    "load_record",
    "models",
    "promote",
    "promotions",
    "publish",
    "read_kinds",
    "read_metrics",
    "save",
    "size_of",
]
