"""Scoring: verdicts for stored events in batches, and for live messages."""

from __future__ import annotations
