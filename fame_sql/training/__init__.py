"""Training: from labelled events and certified domains to a published model."""

from __future__ import annotations
