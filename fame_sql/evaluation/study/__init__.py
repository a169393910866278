"""The study: detectors compared on splits without leaks."""

from __future__ import annotations
