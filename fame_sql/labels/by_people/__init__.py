"""Labels by people: a review in the terminal, and an exchange by CSV or table."""

from __future__ import annotations
