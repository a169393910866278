"""Certification: check a proposal against the labels, repair it and record every decision."""

from __future__ import annotations
