"""How curves of several detectors are told apart: by colour, dash and width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fame_sql.forensics import theme
from fame_sql.forensics.drawing import need

SUBJECT = "fame"
"""The detector that the others are compared with; it is drawn in vermilion, with a thick line."""


def by_detector(rows: Sequence[dict[str, Any]], field: str = "detector") -> dict[str, Any]:
    """Return the encodings that tell the curves of a chart apart; none for a single curve."""
    alt = need("altair")
    names = list(dict.fromkeys(row[field] for row in rows if field in row))
    if not names:
        return {"color": alt.value(theme.ALARM)}
    others = [name for name in names if name != SUBJECT]
    colours = {
        name: theme.CATEGORIES[i % len(theme.CATEGORIES)] for i, name in enumerate(others)
    } | {SUBJECT: theme.ALARM}
    dashes = {
        name: theme.DASHES[1 + i % (len(theme.DASHES) - 1)] for i, name in enumerate(others)
    } | {SUBJECT: theme.DASHES[0]}
    domain = [SUBJECT, *others] if SUBJECT in names else others
    legend = alt.Legend(columns=2, orient="bottom", symbolType="stroke", symbolSize=300)
    return {
        "color": alt.Color(
            f"{field}:N",
            title=None,
            scale=alt.Scale(domain=domain, range=[colours[name] for name in domain]),
            legend=legend,
        ),
        "strokeDash": alt.StrokeDash(
            f"{field}:N",
            title=None,
            scale=alt.Scale(domain=domain, range=[dashes[name] for name in domain]),
            legend=legend,
        ),
        "strokeWidth": alt.condition(
            alt.FieldEqualPredicate(field=field, equal=SUBJECT), alt.value(3), alt.value(1.6)
        ),
    }
