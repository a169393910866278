"""The pipeline: every stage that is missing, in order; the demonstration and its simulator."""

from __future__ import annotations
