"""Canonical text: a message with identifiers, addresses and paths masked."""

from __future__ import annotations
