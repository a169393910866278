"""What investigators ask: one line, what fills the log, what differs; charts and reports."""

from __future__ import annotations
