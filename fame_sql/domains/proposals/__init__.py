"""Proposals of failure domains: by words, by a language model, and for new templates."""

from __future__ import annotations
