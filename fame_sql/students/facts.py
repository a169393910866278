"""What ``student.json`` says about a student: everything but its weights and vocabularies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fame_sql.errors import FameError, ModelError
from fame_sql.files import parse_json
from fame_sql.students.calibration.calibration import Calibration
from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.generations import Generations
from fame_sql.students.runtime import Runtime

FILE = "student.json"


@dataclass(frozen=True, slots=True)
class StudentFacts:
    """The facts of one student.

    Parameters
    ----------
    config : StudentConfig
        How it was trained.
    domains : tuple of DomainSpec
        The failure domains.
    calibration : Calibration
        The published scale.
    generations : Generations or None
        Which training judges which domain, if there was more than one.
    runtime : Runtime or None
        What runs the network; None without one.
    """

    config: StudentConfig
    domains: tuple[DomainSpec, ...]
    calibration: Calibration
    generations: Generations | None
    runtime: Runtime | None

    @property
    def experts(self) -> int:
        """The number of mixed domains, each of which has an expert."""
        return sum(domain.kind == "mixed" for domain in self.domains)

    @property
    def widths(self) -> tuple[int, int]:
        """The number of router logits and of anomaly logits."""
        if self.generations is None:
            return len(self.domains), 1 + self.experts
        return len(self.domains), sum(self.generations.widths)

    @property
    def earlier_generations(self) -> range:
        """The numbers of the generations before the newest."""
        return range(1, 1 if self.generations is None else len(self.generations.widths))

    def write(self, folder: Path) -> None:
        """Write ``student.json``."""
        stored: dict[str, Any] = {
            "config": self.config.settings(),
            "domains": [asdict(domain) for domain in self.domains],
            "calibration": self.calibration.to_json(),
        }
        if self.generations is not None:
            stored["generations"] = asdict(self.generations)
        if self.runtime is not None and self.runtime != Runtime():
            stored["runtime"] = asdict(self.runtime)
        _write(folder / FILE, stored)

    @classmethod
    def read(cls, folder: Path) -> StudentFacts:
        """Read what :meth:`write` wrote.

        Raises
        ------
        ModelError
            If the file cannot be read, or its parts do not fit each other.
        """
        path = folder / FILE
        try:
            facts = cls._from_json(parse_json(path.read_text(encoding="utf-8")))
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
        except (AttributeError, ValueError, TypeError, KeyError, FameError) as error:
            reason = f"does not describe a student ({error})"
        else:
            if facts._fit():
                return facts
            reason = "holds domains and a calibration that do not fit each other"
        raise ModelError(f"{path} {reason}: train again with 'fame train --full'")

    @classmethod
    def _from_json(cls, stored: dict[str, Any]) -> StudentFacts:
        generations = stored.get("generations")
        config = StudentConfig(**stored["config"])
        return cls(
            config=config,
            domains=tuple(DomainSpec(**domain) for domain in stored["domains"]),
            calibration=Calibration.from_json(stored["calibration"]),
            generations=None if generations is None else Generations.read(generations),
            runtime=Runtime(**stored.get("runtime", {})) if config.has_encoder else None,
        )

    def _fit(self) -> bool:
        """Return whether there is one sound threshold, and one anomaly logit, for each domain."""
        count, generations = len(self.domains), self.generations
        judged = count if generations is None else len(generations.columns)
        thresholds = len(self.calibration.thresholds)
        return 0 < count == thresholds == judged and self.calibration.is_sound()


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Replace the calibration of the student in a folder."""
    stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
    stored["calibration"] = calibration.to_json()
    _write(folder / FILE, stored)


def _write(path: Path, stored: dict[str, Any]) -> None:
    path.write_text(json.dumps(stored, indent=2, ensure_ascii=False) + "\n", "utf-8")
