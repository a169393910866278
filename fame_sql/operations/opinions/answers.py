"""What a language model may say of an incident: closed schemas, by what it is permitted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fame_sql.llm.answers import Closed, Id, Severity

Permission = Literal["read", "propose"]
"""``read``: say what the lines show. ``propose``: also say what a person could do about it.

Nothing that a language model says is ever run, sent or applied, whatever it is permitted.
"""


class Opinion(Closed):
    """What an incident is, and the lines that show it."""

    severity: Severity
    type: str = Field(max_length=200)
    summary: str = Field(max_length=4000)
    evidence: list[Id] = Field(min_length=1, max_length=50)
    would_disprove: str = Field(max_length=2000)


class OpinionWithProposal(Opinion):
    """The same, and what a person could do."""

    recommended_action: str = Field(max_length=4000)


SHAPES: dict[Permission, type[Opinion]] = {"read": Opinion, "propose": OpinionWithProposal}
