"""The interface of all students: what they predict, and what a model folder holds of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.students.calibration.calibration import Calibration, sigmoid
from fame_sql.students.calibration.held_out import HeldOut
from fame_sql.students.config import DomainSpec, StudentConfig, anomaly_columns
from fame_sql.students.facts import StudentFacts
from fame_sql.students.generations import Generations

if TYPE_CHECKING:
    from typing import Self

    from fame_sql.students.runtime import Runtime

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LogOdds:
    """What the heads of a student say about n texts in D domains, before the published scale.

    Parameters
    ----------
    router : float64 array
        [n, D] logits of the domains.
    known : float64 array
        [n, D] log-odds that the text is anomalous if it belongs to the domain.
    unseen : float64 array
        [n] log-odds by the text's words alone, for messages of unseen templates.
    """

    router: Floats
    known: Floats
    unseen: Floats


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a student predicts for n texts in each of its D domains.

    Parameters
    ----------
    router : float64 array
        [n, D] probability that the text belongs to the domain; each row sums to 1.
    scores : float64 array
        [n, D] anomaly score in [0, 1] that the text has if it belongs to the domain, with the
        threshold at 0.5; 1 in an anomalous domain, where routing alone decides.
    thresholds : float64 array
        [D] raw probability at which the log-odds of the domain's head are zero; in an anomalous
        domain no head is asked.
    unseen : float64 array
        [n] anomaly score in [0, 1] by the text's words alone, whatever its domain, on the scale
        of unseen templates.
    """

    router: Floats
    scores: Floats
    thresholds: Floats
    unseen: Floats


class Student(ABC):
    """A trained student.

    Parameters
    ----------
    config : StudentConfig
        How it was trained.
    domains : sequence of DomainSpec
        The failure domains, in the order of the columns of a :class:`Prediction`.
    calibration : Calibration
        The published scale.
    held_out : HeldOut, optional
        The evidence it was calibrated on, from which thresholds for another target are computed.
    generations : Generations, optional
        Which training judges which domain, if only some domains were retrained.
    """

    def __init__(
        self,
        config: StudentConfig,
        domains: Sequence[DomainSpec],
        calibration: Calibration,
        held_out: HeldOut | None = None,
        generations: Generations | None = None,
    ) -> None:
        self.config = config
        self.domains = tuple(domains)
        self.calibration = calibration
        self.held_out = held_out or HeldOut.none()
        self.generations = generations
        self.columns = anomaly_columns(self.domains)
        if generations is not None:
            self.columns = np.array(generations.columns)
        self._routed = np.array([domain.kind == "anomalous" for domain in self.domains])

    @property
    def runtime(self) -> Runtime | None:
        """What runs its network; None if it has none."""
        return None

    @property
    def thresholds(self) -> Floats:
        """For each domain, the raw probability at which its head's log-odds are zero."""
        return np.array(self.calibration.thresholds)

    def predict(self, canonical: Sequence[str]) -> Prediction:
        """Score canonical texts.

        The result for a text is the same, bit for bit, whatever other texts are given with it,
        in any order and from any thread.

        Parameters
        ----------
        canonical : sequence of str
            Any texts, including empty or very long ones and unknown characters.

        Returns
        -------
        Prediction
            One row per text.
        """
        found = self.log_odds(canonical)
        scores = sigmoid(self.calibration.known(found.known))
        scores[:, self._routed] = 1.0
        return Prediction(
            router=softmax(found.router),
            scores=scores,
            thresholds=self.thresholds,
            unseen=sigmoid(self.calibration.unseen(found.unseen)),
        )

    @abstractmethod
    def log_odds(self, canonical: Sequence[str]) -> LogOdds:
        """Return what the heads say about canonical texts; see :meth:`predict`."""

    def vectors(self, canonical: Sequence[str]) -> Floats | None:
        """Return vectors of texts, [n, width]; None if the student has no encoder."""
        return None

    @abstractmethod
    def on(self, runtime: Runtime, texts: Sequence[str]) -> Student:
        """Return the same student on a runtime.

        Parameters
        ----------
        runtime : Runtime
            What is to run it.
        texts : sequence of str
            Canonical texts on which two runtimes are compared.

        Raises
        ------
        InputError
            If the student has no network.
        ModelError
            If a package is missing, or the exported graph does not give the logits of torch.
        """

    def save(self, folder: Path) -> None:
        """Write the student into a folder, which is created if it does not exist.

        Parameters
        ----------
        folder : Path
            Gets ``student.json``, the held-out events, and the files of the heads.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.facts().write(folder)
        self.held_out.save(folder)
        self.save_heads(folder)

    def facts(self) -> StudentFacts:
        """Return what ``student.json`` says of this student."""
        return StudentFacts(
            config=self.config,
            domains=self.domains,
            calibration=self.calibration,
            generations=self.generations,
            runtime=self.runtime,
        )

    @abstractmethod
    def save_heads(self, folder: Path) -> None:
        """Write the files from which the heads are read."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, facts: StudentFacts) -> Self:
        """Read a student of this class.

        Parameters
        ----------
        folder : Path
            The folder that :meth:`save` wrote.
        facts : StudentFacts
            The folder's ``student.json``.

        Raises
        ------
        ModelError
            If a file is missing, cannot be read, or does not fit the others.
        """


def softmax(logits: Floats) -> Floats:
    """Turn each row of logits into probabilities."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
