"""Selection of the lines to label: K per template, the most informative, or a first sample."""

from __future__ import annotations
