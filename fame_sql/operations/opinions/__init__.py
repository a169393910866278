"""Second opinions: a language model on an incident, beside FAME's verdict and never instead."""

from __future__ import annotations
