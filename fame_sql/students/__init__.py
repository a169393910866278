"""The students: small local models that learnt from the labels and score every message.

One encoder reads the canonical text. On its output stand a router head (which failure domain?),
a shared anomaly head, and one expert head for each mixed domain. :func:`~.training.train` makes
a :class:`~.student.Student`; its :meth:`~.student.Student.predict` is a pure function of the
text, bit for bit, whatever is scored beside it.
"""

from __future__ import annotations

from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.fitting.training import train
from fame_sql.students.student import Prediction, Student

__all__ = ["DomainSpec", "LabelledEvents", "Prediction", "Student", "StudentConfig", "train"]
