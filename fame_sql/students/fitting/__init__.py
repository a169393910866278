"""Fitting: how a student is trained, step by step, and resumed."""

from __future__ import annotations
