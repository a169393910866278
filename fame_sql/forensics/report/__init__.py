"""The report on an incident or a period: what is read, what it says, and the page."""

from __future__ import annotations
