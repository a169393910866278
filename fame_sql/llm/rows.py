"""The rows of a request: divided into batches, and all of them named in the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fame_sql.llm.prompts import Row, row_tokens


def covers(
    named: Iterable[str], wanted: Sequence[str], what: str = "row", shown: int = 10
) -> list[str]:
    """Return the faults of a list of ids that should name each wanted one exactly once.

    They are sent to the model, so their wording is part of a request's hash.
    """
    given, known = Counter(named), set(wanted)
    wrong = {
        f"these ids name no {what}": [i for i in given if i not in known],
        f"these {what}s are missing": [i for i in wanted if i not in given],
        f"these {what}s are named more than once": [i for i, n in given.items() if n > 1],
    }
    return [
        f"{problem}: {', '.join(ids[:shown])}{' and more' if len(ids) > shown else ''}"
        for problem, ids in wrong.items()
        if ids
    ]


def in_batches(
    rows: Sequence[Row], window: int, answer_tokens: int, most: int, overhead: int = 1500
) -> list[list[Row]]:
    """Divide rows into batches that fit into a window of tokens together with their answers.

    Parameters
    ----------
    rows : sequence of mappings
        In the order in which they are sent.
    window : int
        Maximum number of tokens of a request and its answer.
    answer_tokens : int
        Estimated number of tokens of the answer per row.
    most : int
        Maximum number of rows in a batch.
    overhead : int
        Tokens of the instructions.
    """
    batches: list[list[Row]] = []
    room = 0
    for row in rows:
        size = row_tokens(row) + answer_tokens
        if not batches or size > room or len(batches[-1]) >= most:
            batches.append([])
            room = window - overhead
        batches[-1].append(row)
        room -= size
    return batches
