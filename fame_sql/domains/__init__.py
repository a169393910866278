"""Failure domains: proposals to partition the templates, and their certification."""

from __future__ import annotations
