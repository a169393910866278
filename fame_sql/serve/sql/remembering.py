"""What the live functions of a server know before they are asked: the stored lines' verdicts."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from fame_sql import sql
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.message_slots import MOST
from fame_sql.warehouse.warehouse import Warehouse

_PIECE = 16_384


class Remembering:
    """Reads the stored lines in pieces, the newest that fit into memory, and those that come.

    Parameters
    ----------
    warehouse : Warehouse
        Where they are, on a connection of the caller's thread.
    scorer : LiveScorer
        What is to know them.
    ended : threading.Event
        Set at the end.
    """

    def __init__(self, warehouse: Warehouse, scorer: LiveScorer, ended: threading.Event) -> None:
        self._warehouse = warehouse
        self._scorer = scorer
        self._ended = ended
        self._after = 0
        self._pieces = self._stored()

    def go_on(self) -> None:
        """Read what was stored before the last call: by now, the judge has judged it.

        After each piece it waits as long as that took, so that others have their turn.
        """
        for after, until in self._pieces:
            if self._ended.is_set():
                return
            since = time.perf_counter()
            rows = self._warehouse.rows(
                sql.load("serve/stored_lines"), {"after": after, "until": until}
            )
            if rows:
                messages, canonical = zip(*rows, strict=True)
                self._scorer.remember(list(messages), list(canonical))
            self._after = until
            self._ended.wait(time.perf_counter() - since)
        self._pieces = self._stored()

    def _stored(self) -> Sequence[tuple[int, int]]:
        """Return the pieces of lines that came since, the newest that fit into memory.

        In a lake, a load can be committed after one with higher numbers. Its lines are left out,
        and judged when they are asked for.
        """
        found = self._warehouse.rows(
            sql.load("serve/line_pieces"), {"after": self._after, "piece": _PIECE}
        )
        lines = 0
        for place in range(len(found) - 1, -1, -1):
            lines += found[place][2]
            if lines > MOST:
                found = found[place + 1 :]
                break
        return [(after, until) for after, until, _ in found]
