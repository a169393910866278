"""The model card, generated from a model folder."""

from __future__ import annotations
