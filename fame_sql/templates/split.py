"""The split in time: training period, its calibration slice, and the later lines."""

from __future__ import annotations

from fame_sql import sql
from fame_sql.errors import InputError, MissingStageError
from fame_sql.warehouse.warehouse import Warehouse, utc_now


def check_split(warehouse: Warehouse, fraction: float) -> None:
    """Check that there are lines to split, and that the fraction is valid.

    Raises
    ------
    InputError
        If the fraction is not in (0, 1].
    MissingStageError
        If there are no logs.
    """
    if not 0 < fraction <= 1:
        raise InputError(
            f"the split must be above 0 and at most 1, not {fraction}; leave it out for 0.8"
        )
    if not warehouse.value("SELECT count(*) FROM fame.logs"):
        raise MissingStageError("no logs in the warehouse", "fame ingest LOGFILE")


def set_split(warehouse: Warehouse, fraction: float, calibration: float) -> None:
    """Store the split of the lines in time.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with logs.
    fraction : float
        The share of the lines, earliest first, that forms the training period.
    calibration : float
        The share of the training period, latest first, that forms the calibration slice.
    """
    warehouse.connection.execute("DELETE FROM fame.splits")
    warehouse.connection.execute(
        sql.load("templates/set_split"),
        {"fraction": fraction, "calibration": calibration, "made_at": utc_now()},
    )
