"""The ways before FAME, on the same logs: rules, z-scores and a language model on windows."""

from __future__ import annotations
