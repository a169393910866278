"""Proposals of failure domains: by text, by a language model, and for new templates."""

from __future__ import annotations
