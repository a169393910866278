"""The model card, written from a model folder."""

from __future__ import annotations
