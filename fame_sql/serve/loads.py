"""The loads of a server in ``fame.ingests``: one for each source since it started."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fame_sql import sql
from fame_sql.ingest.file_load import save_loads
from fame_sql.ingest.known import Load
from fame_sql.serve.delivery import Delivery
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.numbers import next_load
from fame_sql.warehouse.sharing import Numbers
from fame_sql.warehouse.warehouse import Warehouse, utc_now


class Loads:
    """What a server has stored, by source.

    Parameters
    ----------
    warehouse : Warehouse
        Where it is stored.
    numbers : Numbers
        The numbers that loads get.
    """

    def __init__(self, warehouse: Warehouse, numbers: Numbers) -> None:
        self._numbers = numbers
        self._warehouse = warehouse
        self._loads: dict[str, Load] = {}

    def number_of(self, source: str, intake: str) -> int:
        """Return the number of the load of a source, inside the caller's transaction."""
        known = self._loads.get(source)
        if known is None:
            known = self._loads[source] = self._new(source, intake)
            self._save([known])
        return known.ingest_id

    def add(self, deliveries: Iterable[Delivery]) -> dict[str, Load]:
        """Count what some deliveries bring, inside the caller's transaction.

        Returns
        -------
        dict of str to Load
            The loads as they are once the transaction is committed; see :meth:`keep`.
        """
        counted: dict[str, Load] = {}
        for delivery in deliveries:
            source, receipt = delivery.source, delivery.receipt()
            load = counted.get(source, self._loads[source])
            counted[source] = replace(
                load,
                rows=load.rows + receipt.records,
                errors=load.errors + receipt.errors,
                line_end=load.line_end + receipt.records,
            )
        self._save(counted.values())
        return counted

    def keep(self, counted: dict[str, Load]) -> None:
        """Take note that what was counted is committed."""
        self._loads.update(counted)

    def forget_new(self, before: set[str]) -> None:
        """Forget the loads that a transaction began which was not committed."""
        self._loads = {name: load for name, load in self._loads.items() if name in before}

    @property
    def sources(self) -> set[str]:
        """The sources with a load."""
        return set(self._loads)

    def _new(self, source: str, intake: str) -> Load:
        return Load(
            ingest_id=self._free_number(),
            source=f"serve:{source}",
            source_path=source,
            encoding="utf-8",
            format=intake,
            head=None,
            fingerprint="",
            byte_start=0,
            byte_end=0,
            tail_offset=None,
            tail_line=None,
            line_end=0,
            rows=0,
            errors=0,
            state="complete",
            started_at=utc_now(),
        )

    def _free_number(self) -> int:
        if is_lake(self._warehouse.connection):
            return next_load(self._warehouse.connection)
        least = int(self._warehouse.value(sql.load("ingest/next_ingest_id")))
        return self._numbers.reserve(least)

    def _save(self, loads: Iterable[Load]) -> None:
        save_loads(self._warehouse.connection, loads)
