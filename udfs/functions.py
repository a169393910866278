"""The live SQL functions: names, SQL types and implementations over Arrow arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from fame_sql.canonical.arrays import array_of, indices
from fame_sql.models.explanation import Explanation
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.policy import action
from fame_sql.verdict.columns import ARROW_STRUCT
from fame_sql.verdict.statements import VERDICT_TYPES

_EXPLANATION_SQL = (
    "STRUCT(log_odds DOUBLE, base DOUBLE, words STRUCT(token VARCHAR, weight DOUBLE)[], "
    "nearest STRUCT(message VARCHAR, label VARCHAR, distance DOUBLE), "
    "domain STRUCT(name VARCHAR, kind VARCHAR, description VARCHAR, normal_labels BIGINT, "
    "anomalous_labels BIGINT))"
)
_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_EXPLANATION_ARROW = pa.struct(
    [
        ("log_odds", _NUMBER),
        ("base", _NUMBER),
        ("words", pa.list_(pa.struct([("token", _TEXT), ("weight", _NUMBER)]))),
        ("nearest", pa.struct([("message", _TEXT), ("label", _TEXT), ("distance", _NUMBER)])),
        (
            "domain",
            pa.struct(
                [
                    ("name", _TEXT),
                    ("kind", _TEXT),
                    ("description", _TEXT),
                    ("normal_labels", _COUNT),
                    ("anomalous_labels", _COUNT),
                ]
            ),
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A vectorised SQL function of one message.

    Parameters
    ----------
    name : str
        The SQL name.
    returns : str
        The SQL type of the result.
    summary : str
        A sentence for the reference.
    compute : callable
        Takes the scorer and an Arrow array of strings, and returns an Arrow array of the same
        length, with NULL for NULL.
    """

    name: str
    returns: str
    summary: str
    compute: Callable[[LiveScorer, pa.Array], pa.Array]


def _field(name: str) -> Callable[[LiveScorer, pa.Array], pa.Array]:
    arrow_type = ARROW_STRUCT.field(name).type

    def compute(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
        distinct, rows = scorer.distinct_verdicts(messages)
        values = [None if v is None else getattr(v, name) for v in distinct]
        return array_of(values, arrow_type).take(indices(rows))

    return compute


def _verdict(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    distinct, rows = scorer.distinct_verdicts(messages)
    values = [None if v is None else asdict(v) for v in distinct]
    return array_of(values, ARROW_STRUCT).take(indices(rows))


def _action(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    distinct, rows = scorer.distinct_verdicts(messages)
    unseen = scorer.read_unseen()
    values = [
        None
        if v is None
        else action(
            unseen, is_anomaly=v.is_anomaly, known_template=v.known_template, answer=v.answer
        )
        for v in distinct
    ]
    return array_of(values, pa.string()).take(indices(rows))


def _template(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    return array_of(scorer.templates(messages), pa.string())


def _canonical(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    return scorer.canonical(messages)


def _explain(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    explained = scorer.explain(messages)
    values = [None if explanation is None else _as_struct(explanation) for explanation in explained]
    return pa.array(values, _EXPLANATION_ARROW)


def _as_struct(explanation: Explanation) -> dict[str, Any]:
    words = [{"token": token, "weight": weight} for token, weight in explanation.words]
    return {**asdict(explanation), "words": words}


FUNCTIONS = (
    LiveFunction(
        "fame_score",
        "DOUBLE",
        "How anomalous a message is, in [0, 1]; above 0.5 is anomalous in every domain.",
        _field("score"),
    ),
    LiveFunction(
        "fame_is_anomaly",
        "BOOLEAN",
        "Whether the score of a message is above 0.5.",
        _field("is_anomaly"),
    ),
    LiveFunction(
        "fame_domain", "VARCHAR", "The failure domain a message belongs to.", _field("domain")
    ),
    LiveFunction(
        "fame_template",
        "VARCHAR",
        "The known template of a message, NULL if there is none.",
        _template,
    ),
    LiveFunction(
        "fame_canonical",
        "VARCHAR",
        "A message with paths, identifiers and addresses masked.",
        _canonical,
    ),
    LiveFunction(
        "fame_novelty",
        "DOUBLE",
        "Distance of a message from all known templates, 0 (known) to 1 (no word in common).",
        _field("novelty"),
    ),
    LiveFunction(
        "fame_action",
        "VARCHAR",
        "The policy's action on a message: 'alert', 'queue' for a label, 'both' or 'none'.",
        _action,
    ),
    LiveFunction(
        "fame_verdict",
        f"STRUCT({VERDICT_TYPES})",
        "The whole verdict on a message, in one struct.",
        _verdict,
    ),
    LiveFunction(
        "fame_explain",
        _EXPLANATION_SQL,
        "Why a message has its score: what each word adds to its log-odds, the nearest labelled "
        "example and the domain's labels.",
        _explain,
    ),
)
"""All live functions, in the order of the reference."""
