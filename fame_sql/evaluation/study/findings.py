"""What the detectors of a study found, kept as files under a digest of all that it rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.evaluation.metrics import Judged
from fame_sql.evaluation.study.definition import definition
from fame_sql.evaluation.study.splits import Split
from fame_sql.evaluation.study.trials import JudgedLines, Trial
from fame_sql.evaluation.study.weightings import WEIGHTINGS

PARTS = {
    "all": "all lines",
    "seen": "lines of templates that were known in training",
    "unseen": "lines of templates that were not",
    "unseen categories": "normal lines, and anomalies of categories that no label in training had",
}
"""The parts of the judged lines that are measured, and what they are."""


@dataclass(frozen=True)
class Finding:
    """What one detector said in one trial.

    Parameters
    ----------
    protocol, split : str
        Such as ``"time"`` and ``"60%"``.
    seed : int
        Seed of training.
    detector : str
        One of :data:`fame_sql.evaluation.study.study.DETECTORS`.
    labels, lines_known : int
        Lines judged for training, and lines that could have been.
    scores : list of float
        One for each entry of ``judged``.
    judged : JudgedLines
        What was judged.
    domains : list of str
        The domain that each was seen in; empty of detectors that know none.
    """

    protocol: str
    split: str
    seed: int
    detector: str
    labels: int
    lines_known: int
    scores: list[float]
    judged: JudgedLines
    domains: list[str] = field(default_factory=list)

    def on(self, part: str, weighting: str = "lines") -> Judged:
        """Return scores and truth of the lines of a part.

        Parameters
        ----------
        part : str
            One of :data:`PARTS`.
        weighting : str
            One of :data:`fame_sql.evaluation.study.weightings.WEIGHTINGS`.
        """
        weight = WEIGHTINGS[weighting](self.judged)
        judged = Judged(np.array(self.scores), self.judged.is_anomaly, weight, self.judged.block)
        chosen = {
            "all": np.ones(len(self.scores), dtype=bool),
            "seen": self.judged.seen,
            "unseen": ~self.judged.seen,
            # Normal lines have no category; they are what the alarms would be false on.
            "unseen categories": ~self.judged.seen_category | ~self.judged.is_anomaly,
        }[part]
        return judged.where(chosen)


class Findings:
    """The findings of one split and seed, a JSON file for each detector.

    Parameters
    ----------
    folder : Path
        Where a study's findings lie.
    split : Split
        What is known and what is judged.
    seed : int
        Seed of training.
    rests_on : sequence
        What else every finding of the split rests on, of what JSON can hold: the lines, K.
    """

    def __init__(self, folder: Path, split: Split, seed: int, rests_on: Sequence[object]) -> None:
        content = json.dumps([split.protocol, split.name, *rests_on])
        digest = hashlib.sha256(content.encode())
        for column in (split.known, split.judged):
            digest.update(column.tobytes())
        self._folder = folder / f"{split.protocol}-{digest.hexdigest()[:16]}"
        self._split = split
        self._seed = seed

    def has(self, detector: str, settings: Mapping[str, Any]) -> bool:
        """Return whether a detector with these settings was tried, by the code as it is now."""
        return self._path(detector, settings).exists()

    def _path(self, detector: str, settings: Mapping[str, Any]) -> Path:
        made_of = definition() + json.dumps(settings)
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
        """Keep what a detector said of a trial's judged lines: scores, and domains if any."""
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

    def read(self, detector: str, settings: Mapping[str, Any]) -> Finding:
        """Return what a detector with these settings said."""
        text = self._path(detector, settings).read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        judged = {
            name: np.array(column, dtype=object if name == "category" else None)
            for name, column in content.pop("judged").items()
        }
        return Finding(
            protocol=self._split.protocol,
            split=self._split.name,
            seed=self._seed,
            detector=detector,
            judged=JudgedLines(**judged),
            **content,
        )
