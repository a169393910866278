"""The live functions as expressions of ibis, with the types that they have in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
from ibis.backends.sql.datatypes import DuckDBType

from fame_sql.udfs.functions import FUNCTIONS

_BY_NAME = {function.name: function for function in FUNCTIONS}


def _expression(name: str) -> Callable[..., Any]:
    """Return a function from a column of messages to a column of what a live function returns."""
    function = _BY_NAME[name]

    def of(message: Any) -> Any:
        """Return the expression of the function of a message."""

    of.__name__ = name
    of.__doc__ = function.summary
    signature = (("string",), DuckDBType.from_string(function.returns))
    return ibis.udf.scalar.builtin(of, name=name, signature=signature)  # type: ignore[no-any-return]


score = _expression("fame_score")
is_anomaly = _expression("fame_is_anomaly")
domain = _expression("fame_domain")
template = _expression("fame_template")
canonical = _expression("fame_canonical")
novelty = _expression("fame_novelty")
action = _expression("fame_action")
verdict = _expression("fame_verdict")
explain = _expression("fame_explain")
