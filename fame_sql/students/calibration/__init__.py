"""Calibration: from a logit to a published score, and thresholds for a false-alarm target."""

from __future__ import annotations
