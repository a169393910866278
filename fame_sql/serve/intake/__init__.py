"""How logs come in: OTLP, lines by HTTP, syslog, and files that are followed."""

from __future__ import annotations
