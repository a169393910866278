"""What one pass has decided."""

from __future__ import annotations

from dataclasses import dataclass, field

from fame_sql.operations.alerts.state import Delivery, Hold


@dataclass
class Decision:
    """What one pass has decided.

    Parameters
    ----------
    written : list of Delivery
        New messages.
    overtaken : list of Delivery
        Messages that were not sent in time and say what is not so any more.
    held : list of Hold
        What is held back now.
    notes : list of str
        What people should know who look at the pass.
    unannounced : set of str
        Incidents that were over before they could be announced, and are not any more.
    """

    written: list[Delivery] = field(default_factory=list)
    overtaken: list[Delivery] = field(default_factory=list)
    held: list[Hold] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unannounced: set[str] = field(default_factory=set)
