"""Canonical text: a message whose identifiers, addresses and paths are masked."""

from __future__ import annotations
