"""The live SQL functions: name, SQL type and what each computes over an Arrow array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import pyarrow as pa

from fame_sql.udfs.live import LiveScorer

_VERDICT_FIELDS = {
    "score": ("DOUBLE", pa.float64()),
    "is_anomaly": ("BOOLEAN", pa.bool_()),
    "domain": ("VARCHAR", pa.string()),
    "domain_confidence": ("DOUBLE", pa.float64()),
    "novelty": ("DOUBLE", pa.float64()),
    "template_id": ("VARCHAR", pa.string()),
    "template": ("VARCHAR", pa.string()),
    "known_template": ("BOOLEAN", pa.bool_()),
    "threshold": ("DOUBLE", pa.float64()),
    "model_version": ("VARCHAR", pa.string()),
}
_VERDICT_SQL = f"STRUCT({', '.join(f'{name} {kind[0]}' for name, kind in _VERDICT_FIELDS.items())})"
_VERDICT_ARROW = pa.struct([(name, kind[1]) for name, kind in _VERDICT_FIELDS.items()])
_WEIGHTS_ARROW = pa.list_(pa.struct([("token", pa.string()), ("weight", pa.float64())]))


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A vectorised SQL function of one message.

    Parameters
    ----------
    name : str
        Its SQL name.
    returns : str
        Its SQL type.
    summary : str
        One sentence for the reference.
    compute : callable
        Takes the scorer and an Arrow array of strings, returns an Arrow array as long; NULL
        for NULL.
    """

    name: str
    returns: str
    summary: str
    compute: Callable[[LiveScorer, pa.Array], pa.Array]


def _field(name: str) -> Callable[[LiveScorer, pa.Array], pa.Array]:
    arrow_type = _VERDICT_FIELDS[name][1]

    def compute(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
        distinct, rows = scorer.distinct_verdicts(messages)
        values = [None if v is None else getattr(v, name) for v in distinct]
        return pa.array(values, arrow_type).take(pa.array(rows))

    return compute


def _verdict(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    distinct, rows = scorer.distinct_verdicts(messages)
    values = [None if v is None else asdict(v) for v in distinct]
    return pa.array(values, _VERDICT_ARROW).take(pa.array(rows))


def _template(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    return pa.array(scorer.templates(messages), pa.string())


def _canonical(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    return scorer.canonical(messages)


def _explain(scorer: LiveScorer, messages: pa.Array) -> pa.Array:
    explained = scorer.explain(messages)
    as_structs = [
        None if words is None else [{"token": t, "weight": w} for t, w in words]
        for words in explained
    ]
    return pa.array(as_structs, _WEIGHTS_ARROW)


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
        "Whether the score of a message lies above 0.5.",
        _field("is_anomaly"),
    ),
    LiveFunction(
        "fame_domain", "VARCHAR", "The failure domain a message belongs to.", _field("domain")
    ),
    LiveFunction(
        "fame_template",
        "VARCHAR",
        "The template that knows a message, NULL if none does.",
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
        "How far a message lies from all known templates, 0 (known) to 1 (no word in common).",
        _field("novelty"),
    ),
    LiveFunction(
        "fame_verdict",
        _VERDICT_SQL,
        "All that the model says of a message, in one struct.",
        _verdict,
    ),
    LiveFunction(
        "fame_explain",
        "STRUCT(token VARCHAR, weight DOUBLE)[]",
        "What each word adds: the log-odds of the score with it less those without it.",
        _explain,
    ),
)
"""All live functions, in the order of the reference."""
