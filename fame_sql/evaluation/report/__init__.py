"""The report of a study: tables, curves and the page that shows them."""

from __future__ import annotations
