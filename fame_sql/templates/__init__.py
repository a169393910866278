"""Templates: mined by Drain from canonical events, then frozen."""

from __future__ import annotations
