"""Class balance: both classes have the same weight in training."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def balance(share: Floats, weight: Floats, most: float = np.inf) -> Floats:
    """Return the factors for the weights of events that give both classes the same weight.

    An event with conflicting labels belongs to the class of the majority as a whole. If its
    minority labels were raised like the other class, a text that is anomalous once in twenty
    lines would get even odds.

    Parameters
    ----------
    share : float64 array
        [n] share of each event's labels that are anomalous.
    weight : float64 array
        [n] weight of each event.
    most : float
        Maximum factor of the rarer class.

    Returns
    -------
    float64 array
        [n] factors; all 1 if the events are of one class.
    """
    is_anomaly = share > 0.5
    up, down = (weight * is_anomaly).sum(), (weight * ~is_anomaly).sum()
    if up == 0 or down == 0:
        return np.ones(len(share))
    half = (up + down) / 2
    return np.asarray(np.where(is_anomaly, min(half / up, most), min(half / down, most)))
