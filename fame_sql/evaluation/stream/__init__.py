"""The stream: what answers about new templates find, line by line, from the past only."""

from __future__ import annotations
