"""Pages: self-contained HTML, in one dress."""

from __future__ import annotations
