"""Templates: mined by Drain from canonical events, frozen, and matched to events."""

from __future__ import annotations
