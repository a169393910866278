"""Redaction: masking of secrets, addresses and names in text."""

from __future__ import annotations
