"""A file, to which each notice is appended as one line of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame_sql.operations.alerts.channels.channel import Option, Surroundings, Traits
from fame_sql.operations.alerts.channels.webhook import notice_as_json
from fame_sql.operations.alerts.notice import Notice
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings

OPTIONS = {"path": Option("text", required=True)}

TRAITS = Traits(recognises=True)


def open_channel(settings: ChannelSettings, around: Surroundings) -> File:
    """Return a channel that can write."""
    return File(Path(settings.options["path"]))


@dataclass
class File:
    """Appends one line for each notice, in one write."""

    path: Path

    def mark(self) -> str:
        """Return nothing, since a file has no key."""
        return ""

    def show(self, notice: Notice) -> str:
        """Return the line that would be written."""
        return json.dumps(notice_as_json(notice), ensure_ascii=False)

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Append a line, and wait until it is on the disk."""
        line = self.show(notices[0]).encode("utf-8", "replace")
        try:
            with self.path.open("ab") as file:
                # A line that a full disk has cut must not swallow this one.
                file.write((b"\n" if self._is_cut() else b"") + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return Outcome("failed", f"{self.path}: {error.strerror}")
        return Outcome("delivered")

    def _is_cut(self) -> bool:
        if not self.path.is_file() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"
