"""Certification: checks a proposal against the labels, repairs it and records every decision."""

from __future__ import annotations
