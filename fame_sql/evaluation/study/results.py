"""The results of a study's detectors, in files named by a digest of everything they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines
from fame_sql.evaluation.study.code_digest import code_digest
from fame_sql.evaluation.study.splits import Split
from fame_sql.evaluation.study.trials import EvaluatedLines, Trial
from fame_sql.evaluation.study.weightings import WEIGHTINGS

PARTS = {
    "all": "all lines",
    "seen": "lines of templates that were known in training",
    "unseen": "lines of templates that were unknown in training",
    "unseen among all": "all normal lines, and anomalies of templates unknown in training",
    "unseen categories": "normal lines, and anomalies of categories without a label in training",
}
"""The parts of the test lines that are measured, with a description of each."""


@dataclass(frozen=True)
class DetectorResult:
    """The scores of one detector in one trial.

    Parameters
    ----------
    protocol, split : str
        Such as ``"time"`` and ``"60%"``.
    seed : int
        Seed of training.
    detector : str
        One of :data:`fame_sql.evaluation.study.study.DETECTORS`.
    labels, lines_known : int
        Lines labelled for training, and lines that were available for it.
    scores : list of float
        One for each entry of ``judged``.
    judged : EvaluatedLines
        The test lines.
    domains : list of str
        The domain of each entry; empty for detectors without domains.
    """

    protocol: str
    split: str
    seed: int
    detector: str
    labels: int
    lines_known: int
    scores: list[float]
    judged: EvaluatedLines
    domains: list[str] = field(default_factory=list)

    def on(self, part: str, weighting: str = "lines") -> ScoredLines:
        """Return scores and labels of a part of the lines.

        Parameters
        ----------
        part : str
            One of :data:`PARTS`.
        weighting : str
            One of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.
        """
        weight = WEIGHTINGS[weighting](self.judged)
        judged = ScoredLines(
            np.array(self.scores), self.judged.is_anomaly, weight, self.judged.block
        )
        chosen = {
            "all": np.ones(len(self.scores), dtype=bool),
            "seen": self.judged.seen,
            "unseen": ~self.judged.seen,
            "unseen among all": ~self.judged.seen | ~self.judged.is_anomaly,
            # Normal lines have no category; they are kept, to count the false alarms.
            "unseen categories": ~self.judged.seen_category | ~self.judged.is_anomaly,
        }[part]
        return judged.where(chosen)


class ResultStore:
    """The results of one split and seed, one JSON file per detector.

    Parameters
    ----------
    folder : Path
        The folder of the study's results.
    split : Split
        Which lines are known and which are judged.
    seed : int
        Seed of training.
    depends_on : sequence
        Everything else that the results of the split depend on, such as the lines and K, as
        values that JSON can hold.
    """

    def __init__(self, folder: Path, split: Split, seed: int, depends_on: Sequence[object]) -> None:
        content = json.dumps([split.protocol, split.name, *depends_on])
        digest = hashlib.sha256(content.encode())
        for column in (split.known, split.judged):
            digest.update(column.tobytes())
        self._folder = folder / f"{split.protocol}-{digest.hexdigest()[:16]}"
        self._split = split
        self._seed = seed

    def has(self, detector: str, settings: Mapping[str, Any]) -> bool:
        """Return whether there is a result of a detector with these settings and today's code."""
        return self._path(detector, settings).exists()

    def _path(self, detector: str, settings: Mapping[str, Any]) -> Path:
        made_of = code_digest() + json.dumps(settings)
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:16]
        name = detector.replace(", ", "-").replace(" ", "-")
        return self._folder / f"{name}-{self._seed}-{digest}.json"

    def write(
        self,
        detector: str,
        settings: Mapping[str, Any],
        trial: Trial,
        scores: list[float],
        domains: list[str],
    ) -> None:
        """Store a detector's scores of a trial's test lines, and their domains if it has any."""
        self._folder.mkdir(exist_ok=True)
        content = {
            "labels": trial.labels,
            "lines_known": len(self._split.known),
            "scores": scores,
            "domains": domains,
            "judged": {name: column.tolist() for name, column in vars(trial.judged).items()},
        }
        path = self._path(detector, settings)
        half = path.with_suffix(".half")
        half.write_text(json.dumps(content), encoding="utf-8")
        half.rename(path)

    def read(self, detector: str, settings: Mapping[str, Any]) -> DetectorResult:
        """Return the stored result of a detector with these settings."""
        text = self._path(detector, settings).read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        judged = {
            name: np.array(column, dtype=object if name == "category" else None)
            for name, column in content.pop("judged").items()
        }
        return DetectorResult(
            protocol=self._split.protocol,
            split=self._split.name,
            seed=self._seed,
            detector=detector,
            judged=EvaluatedLines(**judged),
            **content,
        )
