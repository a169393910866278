"""What counts as a normal and as an anomalous label, wherever the label comes from."""

from __future__ import annotations

from typing import Literal

Label = Literal["normal", "anomalous"]
"""The two answers of a language model, and the words that people are shown."""

DomainKind = Literal["normal", "anomalous", "mixed"]
"""What the labels of a domain's lines are: all of one class, or of both."""

NORMAL = ("normal", "0", "false", "-")
ANOMALOUS = ("anomalous", "anomaly", "1", "true")
"""What people may write in a CSV file or a table, in any case; anything else is refused."""

NORMAL_IN_LOGS = (*NORMAL, "")
"""What the label column of a log says of a normal line, in any case: ``-`` is that of BGL and
Thunderbird. Anything else is anomalous, and names the category of the alert."""


def label_word(is_anomaly: bool) -> Label:
    """Return the word for a judgement."""
    return "anomalous" if is_anomaly else "normal"
