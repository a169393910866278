"""Check that the disk has room for what a command will write."""

from __future__ import annotations

from pathlib import Path

import duckdb

from fame_sql.errors import WarehouseError


def check_room(
    needed: int,
    free: int,
    path: Path,
    *,
    advice: str = "free some room, or move the warehouse, and try again",
) -> None:
    """Refuse work that the disk has no room for.

    Parameters
    ----------
    needed, free : int
        Bytes.
    path : Path
        The file or folder that would grow.
    advice : str
        What the user can do about it.

    Raises
    ------
    WarehouseError
        If more bytes are needed than are free.
    """
    if needed > free:
        raise WarehouseError(
            f"{path} needs up to {needed / 1e6:,.0f} MB more on a disk that has "
            f"{free / 1e6:,.0f} MB left: {advice}"
        )


def filled_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many bytes of a warehouse's file hold something, after a checkpoint."""
    statement = (
        "SELECT used_blocks * block_size FROM pragma_database_size() WHERE database_name = ?"
    )
    [(name,)] = connection.execute("SELECT current_database()").fetchall()
    [(found,)] = connection.execute(statement, [name]).fetchall()
    return int(found)
