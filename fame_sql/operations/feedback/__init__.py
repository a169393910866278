"""What people say of incidents, lines and templates, and what follows from it."""

from __future__ import annotations
