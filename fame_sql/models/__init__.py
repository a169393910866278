"""Model folders, and the table of models in the warehouse.

A folder holds ``model.json`` (recipe, templates, domains), the student's files, the labelled
examples, ``metrics.json`` (what the training knew), ``README.md`` (the card, written from all of
these) and ``manifest.json`` with the SHA-256 of each; every load checks them. A model's version is
a hash of what decides its scores. Nothing pickled is written or read.
"""

from __future__ import annotations

from fame_sql.models.catalogue import (
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
from fame_sql.models.folder import derive, export, load, read_kinds, read_metrics, save
from fame_sql.models.manifest import FORMAT, check, size_of

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
