"""What watching logs costs: a language model on every line or window, rules, or FAME."""

from __future__ import annotations
