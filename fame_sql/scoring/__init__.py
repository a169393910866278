"""Scoring: verdicts for stored events in batches, and for messages as they come."""

from __future__ import annotations
