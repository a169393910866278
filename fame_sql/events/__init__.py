"""Canonical events: the dimension that templates, labels and scores refer to."""

from __future__ import annotations
