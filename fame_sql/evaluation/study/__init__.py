"""The study: detectors compared on splits that leak nothing."""

from __future__ import annotations
