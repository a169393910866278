"""The planner: a naive query over the live functions, run from what is stored.

It finds the messages that a query would have to score, scores the distinct ones that are not
stored in large batches, and joins the answers. What it cannot prove safe it leaves alone, and
says why. The passes are in :mod:`fame_sql.planner.passes`; see also the how-to on fast queries.
"""

from __future__ import annotations

from fame_sql.planner.plan import make_plan
from fame_sql.planner.report import Plan, Planned

__all__ = ["Plan", "Planned", "make_plan"]
