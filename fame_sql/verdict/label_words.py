"""The words for normal and anomalous labels, for every source of labels."""

from __future__ import annotations

from typing import Literal, get_args

Label = Literal["normal", "anomalous"]
"""The two answers of a language model, and the words shown to people."""

Answer = Literal["normal", "anomalous", "mixed"]
"""What can be answered about a template: all its lines are of one kind, or it has both."""

ANSWERS: tuple[Answer, ...] = get_args(Answer)

DomainKind = Literal["normal", "anomalous", "mixed"]
"""The classes of the labels of a domain: one of them, or both."""

NORMAL = ("normal", "0", "false", "-")
ANOMALOUS = ("anomalous", "anomaly", "1", "true")
"""Words that people may write in a CSV file or a table, in any case; others are refused."""

NORMAL_IN_LOGS = (*NORMAL, "")
"""Values of a log's label column for a normal line, in any case; BGL and Thunderbird use ``-``.
Any other value is anomalous, and is the category of the alert."""


def label_word(is_anomaly: bool) -> Label:
    """Return the word for a label."""
    return "anomalous" if is_anomaly else "normal"
