"""What the live functions of a server know before they are asked: the stored lines' verdicts."""

from __future__ import annotations

import threading
import time

from fame_sql import sql
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.message_slots import MOST
from fame_sql.warehouse.warehouse import Warehouse

_PIECE = 16_384
_LAST = "SELECT coalesce(max(log_id), 0) FROM fame.logs"


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
        self._until = self._last()
        self._after = max(self._until - MOST, 0)

    def go_on(self) -> None:
        """Read what was stored before the last call: by now, the judge has judged it.

        After each piece it waits as long as that took, so that others have their turn.
        """
        while self._after < self._until and not self._ended.is_set():
            since = time.perf_counter()
            until = min(self._after + _PIECE, self._until)
            rows = self._warehouse.rows(
                sql.load("serve/stored_lines"), {"after": self._after, "until": until}
            )
            if rows:
                messages, canonical = zip(*rows, strict=True)
                self._scorer.remember(list(messages), list(canonical))
            self._after = until
            self._ended.wait(time.perf_counter() - since)
        self._until = self._last()

    def _last(self) -> int:
        return int(self._warehouse.value(_LAST))
