"""Labels by people: review in the terminal, and exchange as CSV or table."""

from __future__ import annotations
