"""Which lines to label: K per template, the most informative, or until the risk is bounded."""

from __future__ import annotations
