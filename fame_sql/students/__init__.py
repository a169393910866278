"""Students: small local models that learn from the labels and score every message.

One encoder reads the canonical text. Its output is the input of a router head (which failure
domain?), a shared anomaly head, and one expert head for each mixed domain.
:func:`~.fitting.training.train` returns a :class:`~.student.Student`, whose
:meth:`~.student.Student.predict` is a pure function of the text: its result does not depend on
other texts by a bit.
"""

from __future__ import annotations

from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.training import train
from fame_sql.students.student import Prediction, Student

__all__ = ["DomainSpec", "LabelledEvents", "Prediction", "Student", "StudentConfig", "train"]
