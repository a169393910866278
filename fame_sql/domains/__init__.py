"""Failure domains: proposals to group the templates, and their certification."""

from __future__ import annotations
