"""The requests that have been stored, so that one that is sent again is not stored again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from fame_sql import sql
from fame_sql.serve.delivery import Delivery, OtherContentError, Receipt, Request
from fame_sql.warehouse.warehouse import Warehouse, utc_now

KEPT = 100_000
"""How many requests are remembered at most, the newest."""
KEPT_FOR = timedelta(hours=24)
"""How long a request is remembered at most."""


class Repeats:
    """The requests that have been stored.

    Parameters
    ----------
    warehouse : Warehouse
        Where they are stored; they are read once.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._known: OrderedDict[str, tuple[str, Receipt]] = OrderedDict()
        for name, content, records, errors in warehouse.rows(
            sql.load("serve/requests"), {"most": KEPT, "after": utc_now() - KEPT_FOR}
        ):
            self._known[name] = (content, Receipt(records, errors, repeated=True))

    def find(self, request: Request) -> Receipt | None:
        """Return the receipt of a request that has been stored, None if it is new.

        Raises
        ------
        OtherContentError
            If its key was given before with other content.
        """
        known = self._known.get(request.name)
        if known is None:
            return None
        if known[0] != request.content:
            raise OtherContentError
        return known[1]

    def store(self, deliveries: Sequence[Delivery]) -> None:
        """Store the requests of some deliveries, in the transaction that stores their records."""
        given = [(d.request, d.receipt()) for d in deliveries if d.request is not None]
        if not given:
            return
        table = pa.table(
            {
                "request_id": [request.name for request, _ in given],
                "content_hash": [request.content for request, _ in given],
                "records": pa.array([receipt.records for _, receipt in given], pa.int64()),
                "errors": pa.array([receipt.errors for _, receipt in given], pa.int64()),
            }
        )
        moment = {"received_at": utc_now()}
        self._warehouse.with_table("given", table, sql.load("serve/add_requests"), moment)

    def remember(self, deliveries: Sequence[Delivery]) -> None:
        """Remember the requests of deliveries that have been committed."""
        for delivery in deliveries:
            if delivery.request is not None:
                receipt = delivery.receipt()
                kept = Receipt(receipt.records, receipt.errors, repeated=True)
                self._known[delivery.request.name] = (delivery.request.content, kept)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def forget_old(self) -> None:
        """Delete the requests that are too old or too many."""
        parameters = {"most": KEPT, "after": utc_now() - KEPT_FOR}
        self._warehouse.connection.execute(sql.load("serve/forget_requests"), parameters)
