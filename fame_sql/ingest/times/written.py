"""A time format that a user names, such as ``%d.%m.%Y %H:%M``, as a pattern and a reading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal

_PATTERNS = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{1,2}",
    "%d": r"\d{1,2}",
    "%e": r" ?\d{1,2}",
    "%H": r"\d{1,2}",
    "%I": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{1,2}",
    "%f": r"\d{1,6}",
    "%g": r"\d{1,3}",
    "%n": r"\d{1,9}",
    "%b": r"\pL{3}",
    "%B": r"\pL+",
    "%a": r"\pL{3}",
    "%A": r"\pL+",
    "%p": r"[AaPp][Mm]",
    "%z": r"[+-]\d{2}(?::?\d{2})?",
    "%Z": r"[A-Za-z_/]+",
    "%j": r"\d{1,3}",
    "%%": "%",
}
_HEXADECIMAL = "epoch_hex"
_EPOCHS = {_HEXADECIMAL, "epoch", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"}
_CODE = re.compile(r"%.|[^%]+|%")


@dataclass(frozen=True)
class WrittenTime:
    """A way of writing times.

    Parameters
    ----------
    format : str
        The codes of ``strptime``, or ``epoch``.
    """

    format: str

    def __post_init__(self) -> None:
        self.pattern  # noqa: B018

    @property
    def pattern(self) -> str:
        """The regular expression of such a time, without groups.

        Raises
        ------
        InputError
            If a code is not known.
        """
        if self.format == _HEXADECIMAL:
            return r"[0-9a-f]{8}"
        if self.format in _EPOCHS:
            return r"\d{9,19}(?:[.,]\d{1,9})?"
        return "".join(self._part(part) for part in _CODE.findall(self.format))

    def _part(self, part: str) -> str:
        if not part.startswith("%"):
            return re.sub(r" +", " +", re.escape(part).replace(r"\ ", " "))
        if part not in _PATTERNS:
            raise InputError(
                f"unknown code {part!r} in the time format {self.format!r}: use "
                f"{', '.join(_PATTERNS)}, or 'epoch'"
            )
        return _PATTERNS[part]

    @property
    def has_date(self) -> bool:
        """Whether a time says its day."""
        codes = ("%d", "%e", "%j")
        return self.format in _EPOCHS or any(code in self.format for code in codes)

    def reading(self, text: str) -> str:
        """Return the SQL expression of the time in UTC that the SQL expression ``text`` is.

        A format without a date takes that of the source, and one without a year the latest year
        for which the time is not after the source.
        """
        if self.format == _HEXADECIMAL:
            return f"ingest_time_epoch(try_cast('0x' || {text} AS BIGINT)::VARCHAR)"
        if self.format in _EPOCHS:
            return f"ingest_time_epoch({text})"
        moment = self.moment(text)
        if not self.has_date:
            return f"ingest_time(strftime({moment}, '%H:%M:%S.%f'))"
        if any(code in self.format for code in ("%Y", "%y")):
            # A zone that strptime reads shifts the time to UTC.
            return moment if "%z" in self.format else f"ingest_local({moment})"
        return (
            f"ingest_yearless(month({moment}), day({moment})::VARCHAR, "
            f"strftime({moment}, '%H:%M:%S.%f'))"
        )

    def moment(self, text: str) -> str:
        """Return the SQL expression of the time that the SQL expression ``text`` is, as written."""
        squeezed = f"regexp_replace({text}, ' +', ' ', 'g')"
        return f"try_strptime({squeezed}, {literal(re.sub(' +', ' ', self._duckdb))})"

    @property
    def _duckdb(self) -> str:
        return self.format.replace("%e", "%-d")
