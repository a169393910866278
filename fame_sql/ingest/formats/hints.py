"""What a user says about how a source is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hints:
    """What a user says about how a source is to be read.

    Parameters
    ----------
    timezone : str, optional
        The zone of times without one, such as ``Europe/Berlin``; None is UTC.
    date : str, optional
        The date of times without one, as in 2024-02-03; None is that in the name of the file, or
        else that of its last change.
    time_format : str, optional
        How times are written, in the codes of ``strptime`` or ``epoch``.
    message_key, time_key, level_key, label_key : str, optional
        For records that are objects: the key of the message, the time, the level and the label.
    host, service : str, optional
        The host and the service of records that name none.
    format_files : tuple of Path
        Files or folders of further formats.
    keep_ansi : bool
        Keep lines with their colours in the attribute ``ansi``.
    """

    timezone: str | None = None
    date: str | None = None
    time_format: str | None = None
    message_key: str | None = None
    time_key: str | None = None
    level_key: str | None = None
    label_key: str | None = None
    host: str | None = None
    service: str | None = None
    format_files: tuple[Path, ...] = ()
    keep_ansi: bool = False

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """The columns and the keys that hold them."""
        pairs = (
            ("body", self.message_key),
            ("timestamp", self.time_key),
            ("severity_text", self.level_key),
            ("label", self.label_key),
        )
        return tuple((column, key) for column, key in pairs if key is not None)


NO_HINTS = Hints()
"""Nothing is said."""
