"""Both classes weigh the same in training, and an event of both keeps its own odds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def balance(share: Floats, weight: Floats, most: float = np.inf) -> Floats:
    """Return what to multiply the weights of events by, so that both classes weigh the same.

    An event whose labels conflict belongs whole to the class of most of them. Were its rarer
    labels raised like that class, a text that is anomalous once in twenty lines would be called
    as anomalous as normal.

    Parameters
    ----------
    share : float64 array
        [n] share of each event's labels that are anomalous.
    weight : float64 array
        [n] what each event weighs.
    most : float
        How many times the rarer class may be raised, at most.

    Returns
    -------
    float64 array
        [n] ones where all events are of one class.
    """
    is_anomaly = share > 0.5
    up, down = (weight * is_anomaly).sum(), (weight * ~is_anomaly).sum()
    if up == 0 or down == 0:
        return np.ones(len(share))
    half = (up + down) / 2
    return np.asarray(np.where(is_anomaly, min(half / up, most), min(half / down, most)))
