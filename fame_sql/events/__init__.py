"""Canonical events: the dimension to which templates, labels and scores refer."""

from __future__ import annotations
