"""The charts: one file each, which takes a relation or a table and returns an Altair chart."""

from __future__ import annotations
