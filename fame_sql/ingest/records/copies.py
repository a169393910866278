"""How much may be copied to each record of what many records have in common.

A resource of OTLP stands once before its records, and a table has it in each row. Half a megabyte
of attributes before ten thousand short records would fill a disk: beyond a bound they stay with the
first record, and the others say which one that is.
"""

from __future__ import annotations

KEPT = "kept_with_record"
"""The member that names the record with what is not copied, by its place in what was sent."""

_TIMES = 32
_LEAST, _MOST = 1 << 22, 1 << 28


class Copies:
    """The bound of one request, or of one line of a file.

    Parameters
    ----------
    sent : int
        Its bytes. Copies may take some times as much; that of a few records may take more.
    """

    def __init__(self, sent: int) -> None:
        self._left = min(max(_LEAST, _TIMES * sent), _MOST)

    def allow(self, size: int, count: int) -> bool:
        """Return whether ``count`` copies of ``size`` characters are within the bound.

        Those that are count against it.
        """
        if size * count > self._left:
            return False
        self._left -= size * count
        return True
