"""Asking a language model about incidents, and showing what it said beside FAME's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress, printable
from fame_sql.errors import InputError
from fame_sql.llm.failures import AnswerError
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.request import Request
from fame_sql.operations.opinions.answers import (
    SHAPES,
    Opinion,
    OpinionWithProposal,
    Permission,
)
from fame_sql.operations.opinions.dossier import LINES, Dossier, gather
from fame_sql.warehouse.warehouse import Warehouse, utc_now

STAGE = "opinion"
MOST = 5
"""How many incidents are asked about unless they are named."""
_EXPECTED_TOKENS = 300
_LONGEST = 2000

_READ = (
    "A program has put anomalous log lines of one service together into an incident. The row "
    "'i1' is the incident with the program's verdict; rows 't' are its templates, 'c' counts that "
    "differ from the past, 'h' earlier incidents of the same kind and what people said of them, "
    "'l' lines of the incident, and 'n' lines of the same service around it. Give a second "
    "opinion for the "
    "engineer on call: how severe it is ('critical': people lose service or data now; 'error': "
    "something has failed and stays failed; 'warning': to be looked into today; 'info': nothing to "
    "do), a type in two or three lower-case words, a summary in at most four sentences, the ids of "
    "the lines ('l' or 'n') that show it, and what would show that you are wrong. Say only what "
    "the rows show; where they do not suffice, say so."
)
TASKS: dict[Permission, str] = {
    "read": _READ,
    "propose": f"{_READ} Also recommend what the engineer could do next, in at most three "
    "sentences. A person decides on it: nothing is done by itself.",
}


@dataclass
class Reviewer:
    """Asks a language model about incidents. It may read, or also propose; it never acts.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with incidents.
    model : LanguageModel
        The model to ask.
    permission : {"read", "propose"}
        What it is permitted to answer.
    lines : int
        Maximum number of lines of an incident that are sent.
    """

    warehouse: Warehouse
    model: LanguageModel
    permission: Permission = "read"
    lines: int = LINES

    def wanted(self, names: Sequence[str], at_most: int = MOST) -> list[dict[str, Any]]:
        """Return the incidents to ask about.

        Parameters
        ----------
        names : sequence of str
            Their identifiers; if there are none, those that are open, not silenced, and have no
            opinion yet, the worst first.
        at_most : int
            Maximum number of those that are not named.

        Raises
        ------
        InputError
            If a name is that of no incident.
        """
        facts = {
            "wanted": list(names),
            "model": self.model.name,
            "at_most": len(names) or at_most,
        }
        found = self.warehouse.records(sql.load("operations/opinions/wanted"), facts)
        missing = sorted(set(names) - {incident["incident_id"] for incident in found})
        if missing:
            raise InputError(
                f"there is no incident {printable(', '.join(missing))}: "
                "'fame query \"SELECT * FROM incidents\"' lists them"
            )
        return found

    def preview(self, incidents: Sequence[dict[str, Any]]) -> list[Request]:
        """Return the requests about incidents, without sending them."""
        return [self._request(gather(self.warehouse, i, self.lines)) for i in incidents]

    def ask(self, incidents: Sequence[dict[str, Any]], progress: Progress | None = None) -> int:
        """Ask about incidents, and return how many have an opinion now.

        An answer is taken only if every piece of its evidence is a line that was sent. What was
        asked is recorded in any case.

        Raises
        ------
        LanguageModelError
            If the model cannot be reached or the budget is too small; the opinions so far are kept.
        """
        dossiers = [gather(self.warehouse, incident, self.lines) for incident in incidents]
        self.model.prepare([self._request(dossier) for dossier in dossiers])
        answered = 0
        with (progress or SilentProgress()).step("asking about incidents", len(dossiers)) as step:
            for dossier in dossiers:
                answered += self._ask(dossier)
                step.advance()
        return answered

    def _request(self, dossier: Dossier) -> Request:
        task, shape = TASKS[self.permission], SHAPES[self.permission]
        return self.model.request(STAGE, task, dossier.rows, shape, _EXPECTED_TOKENS)

    def _ask(self, dossier: Dossier) -> bool:
        request = self._request(dossier)
        shape = SHAPES[self.permission]
        opinion: Opinion | None = None
        if dossier.orders:
            self.model.notices.add(
                f"{dossier.orders} lines of {dossier.incident['incident_id']} read like orders to "
                "a language model: judge its opinion with care"
            )
        try:
            opinion = self.model.ask(request, shape, dossier.faults)
        except AnswerError as error:
            self.model.notices.add(str(error))
        self._record(dossier, request, opinion)
        return opinion is not None

    def _record(self, dossier: Dossier, request: Request, opinion: Opinion | None) -> None:
        facts: dict[str, Any] = {
            "incident_id": dossier.incident["incident_id"],
            "revision": dossier.incident["revision"],
            "request_hash": request.request_hash,
            "model": self.model.name,
            "permission": self.permission,
            "cost_usd": self.model.paid.get(request.request_hash, 0.0),  # an old answer is free
            "asked_at": utc_now(),
            **_said(dossier, opinion),
        }
        self.warehouse.connection.execute(sql.load("operations/opinions/add"), facts)


def _said(dossier: Dossier, opinion: Opinion | None) -> dict[str, Any]:
    if opinion is None:
        empty = ("opinion_severity", "opinion_type", "summary", "evidence", "disproof", "proposal")
        return dict.fromkeys(empty)
    proposal = (
        _text(opinion.recommended_action) if isinstance(opinion, OpinionWithProposal) else None
    )
    return {
        "opinion_severity": opinion.severity,
        "opinion_type": _text(opinion.type)[:60],
        "summary": _text(opinion.summary),
        "evidence": dossier.evidence(opinion),
        "disproof": _text(opinion.would_disprove),
        "proposal": proposal,
    }


def _text(text: str) -> str:
    """Return what a model wrote as text that no terminal interprets."""
    return printable(" ".join(text.split()))[:_LONGEST]


def read_opinions(warehouse: Warehouse, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return FAME's verdict on incidents with the newest opinion of each model beside it."""
    return warehouse.records(sql.load("operations/opinions/shown"), {"wanted": list(names)})


def read_log(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return what was asked and whether it was answered, the newest first."""
    return warehouse.records(sql.load("operations/opinions/log"))
