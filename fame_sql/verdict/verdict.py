"""A verdict: the result of a model for one message, and the one definition of its columns.

A new column is one more field of :class:`Verdict`, the code that computes it in
:mod:`fame_sql.models.model` and, if it is stored, a migration that adds it to ``fame.scores``.
Everything else is derived by the modules :mod:`~fame_sql.verdict.columns` and
:mod:`~fame_sql.verdict.statements`, or written by ``make generate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fame_sql.verdict.label_words import Answer

THRESHOLD = 0.5
"""The decision threshold: a score above it is anomalous, in every domain."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a verdict in SQL.

    Parameters
    ----------
    kind : str
        Its type in DuckDB.
    description : str
        One sentence for references and dbt contracts.
    derived : str, optional
        Its SQL over ``fame.scores AS scores``, ``fame.templates AS templates`` and
        ``fame.answered_events AS answers``, if it is not simply what ``fame.scores`` stores.
    stored : bool
        Whether ``fame.scores`` stores what the model says of it.
    every_line : bool
        Whether dbt repeats it on every log line; otherwise it is only on the event.
    """

    kind: str
    description: str
    derived: str = ""
    stored: bool = True
    every_line: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a model for one message; each field has its SQL type and description."""

    score: Annotated[
        float,
        Column(
            "DOUBLE",
            f"How anomalous the message is, in [0, 1]; above {THRESHOLD:g} is anomalous in every "
            "domain. NULL means not scored, never normal.",
            derived="CASE answers.label WHEN 'anomalous' THEN 1::DOUBLE "
            "WHEN 'normal' THEN 0::DOUBLE "
            "ELSE scores.score END",
        ),
    ]
    is_anomaly: Annotated[
        bool,
        Column(
            "BOOLEAN",
            f"Whether the score is above {THRESHOLD:g}.",
            derived="CASE answers.label WHEN 'anomalous' THEN TRUE WHEN 'normal' THEN FALSE "
            f"ELSE scores.score > {THRESHOLD:g} END",
            stored=False,
        ),
    ]
    domain: Annotated[str, Column("VARCHAR", "The failure domain.")]
    domain_confidence: Annotated[
        float,
        Column(
            "DOUBLE",
            "Confidence of the routing: 1 for a known template, else the router's probability.",
        ),
    ]
    novelty: Annotated[
        float,
        Column(
            "DOUBLE",
            "0 for a known template, up to 1 for words that no template has; "
            "no sign of an anomaly.",
        ),
    ]
    template_id: Annotated[
        str | None, Column("VARCHAR", "The ID of the known template; NULL if none matches.")
    ]
    template: Annotated[
        str | None,
        Column(
            "VARCHAR",
            "The template's text, with placeholders.",
            derived="templates.template",
            stored=False,
            every_line=False,
        ),
    ]
    known_template: Annotated[
        bool, Column("BOOLEAN", "Whether the model knows the template of the message.")
    ]
    threshold: Annotated[
        float,
        Column(
            "DOUBLE",
            "For a known template, the raw probability at which the log-odds of the domain's head "
            "are zero; for an unseen message, the probability by its words that is reported as "
            f"{THRESHOLD:g}.",
        ),
    ]
    answer: Annotated[
        Answer | None,
        Column(
            "VARCHAR",
            "What was answered about the message's template, and then decides the score: normal, "
            "anomalous, or mixed, which leaves it to the model. NULL without an answer.",
            derived="answers.label",
            stored=False,
        ),
    ]
    model_version: Annotated[
        str,
        Column(
            "VARCHAR", "The version of the model: a hash of everything that its scores depend on."
        ),
    ]

    @classmethod
    def from_stored(
        cls, stored: Mapping[str, Any], *, template: str | None, model_version: str
    ) -> Verdict:
        """Return the verdict of a row of ``fame.scores``, which is the model's own.

        Parameters
        ----------
        stored : mapping of str to object
            The columns that are stored.
        template : str or None
            The text of its template.
        model_version : str
            The model that gave the verdict.
        """
        return cls(
            **stored,
            is_anomaly=is_anomalous(stored["score"]),
            template=template,
            answer=None,
            model_version=model_version,
        )


def decided_by(answer: Answer | None) -> dict[str, Any]:
    """Return the columns of a verdict that an answer about its template replaces.

    They are the score with all that follows from it; a mixed answer leaves those to the model.
    """
    if answer is None:
        return {}
    if answer == "mixed":
        return {"answer": answer}
    is_anomaly = answer == "anomalous"
    return {"score": float(is_anomaly), "is_anomaly": is_anomaly, "answer": answer}


def is_anomalous(score: float) -> bool:
    """Return whether a score is anomalous."""
    return score > THRESHOLD
