"""The pipeline: run every missing stage in order; the demonstration and its simulator."""

from __future__ import annotations
