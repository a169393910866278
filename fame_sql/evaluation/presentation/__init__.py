"""The presentation of a study: tables, curves and the HTML page that shows them."""

from __future__ import annotations
