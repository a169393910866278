"""Canonical text: a message whose identifiers, addresses and paths are masked."""

from __future__ import annotations

from fame_sql.canonical.canonical import Mask, Recipe, default_recipe

__all__ = ["Mask", "Recipe", "default_recipe"]
