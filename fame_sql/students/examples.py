"""Labelled events, from which students learn."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledEvents:
    """Labelled events as columns; sequences are converted to arrays.

    Parameters
    ----------
    canonical : list of str
        Canonical text of each event.
    is_anomaly : float64 array
        Share of the event's labelled lines that are anomalous: 0, 1, or a value between if its
        lines have conflicting labels.
    domain : int64 array
        Index of its domain.
    weight : float64 array
        Number of log lines of the event.
    calibration : bool array
        Whether the event lies in the last slice of the training period.
    template : int64 array, optional
        A number for each template; by default each event has its own template.

    Raises
    ------
    InputError
        If the columns differ in length, or a share or a weight is out of range.
    """

    canonical: list[str]
    is_anomaly: Floats
    domain: npt.NDArray[np.int64]
    weight: Floats
    calibration: npt.NDArray[np.bool_]
    template: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
        columns = {"is_anomaly": float, "domain": np.int64, "weight": float, "calibration": bool}
        columns["template"] = np.int64
        if not len(self.template):
            object.__setattr__(self, "template", np.arange(len(self.canonical)))
        for name, kind in columns.items():
            column = np.asarray(getattr(self, name), dtype=kind)
            object.__setattr__(self, name, column)
            if column.shape != (len(self.canonical),):
                raise InputError(
                    f"labelled events: {name} has {column.size} values for "
                    f"{len(self.canonical)} events; give one per event"
                )
        if not ((self.is_anomaly >= 0) & (self.is_anomaly <= 1)).all():
            raise InputError("labelled events: is_anomaly must be a share between 0 and 1")
        if not ((self.weight > 0) & np.isfinite(self.weight)).all():
            raise InputError("labelled events: weight must be a number of lines above 0")

    def __len__(self) -> int:
        return len(self.canonical)

    @property
    def importance(self) -> Floats:
        """The weight of each event in training: the logarithm of its lines, scaled to mean 1."""
        weight = 1 + np.log(np.maximum(self.weight, 1))
        return np.asarray(weight / weight.mean())

    @property
    def calibrates(self) -> npt.NDArray[np.bool_]:
        """Whether each event can evaluate a network that learned from those before the slice.

        These are the events in the slice whose templates occur before it: events of templates
        that the network has never met show nothing about known templates.
        """
        known = np.isin(self.template, self.template[~self.calibration])
        return np.asarray(self.calibration & known)

    def where(self, chosen: npt.NDArray[np.bool_]) -> LabelledEvents:
        """Return the chosen events."""
        return LabelledEvents(
            canonical=[self.canonical[i] for i in np.flatnonzero(chosen)],
            is_anomaly=self.is_anomaly[chosen],
            domain=self.domain[chosen],
            weight=self.weight[chosen],
            calibration=self.calibration[chosen],
            template=self.template[chosen],
        )
