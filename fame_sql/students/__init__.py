"""Students: small local models that learn from the labels and score every message.

The preset ``words`` reads words and has no encoder (:mod:`.words`). The other presets have one
encoder, whose output is the input of a router head (which failure domain?), a shared anomaly head,
and one expert head for each mixed domain (:mod:`.network`). :func:`~.students.train` returns a
:class:`~.student.Student`, whose :meth:`~.student.Student.predict` is a pure function of the text:
its result does not depend on other texts by a bit.
"""

from __future__ import annotations

from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.student import Prediction, Student
from fame_sql.students.students import load_student, retrain, train

__all__ = [
    "DomainSpec",
    "LabelledEvents",
    "Prediction",
    "Student",
    "StudentConfig",
    "load_student",
    "retrain",
    "train",
]
