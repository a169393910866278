"""The facts of a model folder, for all parts of a model card, and the format of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame_sql.models.card.markdown import inline
from fame_sql.students.config import WORDS


@dataclass(frozen=True)
class Facts:
    """The facts in a model folder.

    Parameters
    ----------
    folder : Path
        The folder, without its card and manifest.
    version : str
        The model's version.
    parent : str or None
        The model from which it was partly trained.
    model, student, metrics : mapping
        Its ``model.json``, ``student.json`` and ``metrics.json``.
    """

    folder: Path
    version: str
    parent: str | None
    model: Mapping[str, Any]
    student: Mapping[str, Any]
    metrics: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of its students."""
        return dict(self.metrics.get("config") or self.student["config"])

    @property
    def has_encoder(self) -> bool:
        """Whether its students have an encoder, and do not read words alone."""
        return bool(self.config["preset"] != WORDS)


def number(value: object) -> str:
    """Format a number for the card and for tables of models; None is ``unknown``."""
    if value is None:
        return "unknown"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return f"{int(value):,}" if isinstance(value, int | float) else inline(str(value))
