"""The options of ``fame evaluate --study``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.grouped import grouped
from fame_sql.cli.options.numbers import COUNT, COUNT_OR_NONE, MOST
from fame_sql.cli.options.output import force_option
from fame_sql.cli.options.preset import preset_options
from fame_sql.cli.options.renamed import RenamedOption
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.evaluation.study.study import StudyPlan

_OPTIONS = (
    click.option(
        "--cuts",
        metavar="SHARES",
        default="0.5,0.6,0.7,0.8",
        show_default=True,
        help="Splits by time: the shares of the lines to train on.",
    ),
    click.option(
        "--folds",
        type=COUNT_OR_NONE,
        metavar="NUMBER",
        default=4,
        show_default=True,
        help="Splits that leave whole templates out of training.",
    ),
    click.option(
        "--seeds",
        type=COUNT,
        metavar="NUMBER",
        default=5,
        show_default=True,
        help="How many times to train with another seed.",
    ),
    click.option(
        "-k",
        "--per-template",
        cls=RenamedOption,
        former="--k",
        metavar="K[,K...]",
        default="20",
        show_default=True,
        help="Maximum labelled lines per template; several values, such as 1,5,20, are compared.",
    ),
    click.option(
        "--weighting",
        type=click.Choice(["lines", "distinct", "categories"]),
        default="lines",
        show_default=True,
        help="Weight of the table's measures: each line, each distinct event or each alert "
        "category counts the same.",
    ),
    click.option(
        "--part",
        cls=RenamedOption,
        former="--lines",
        type=click.Choice(["all", "seen", "unseen", "unseen-among-all", "unseen-categories"]),
        show_default="every part",
        help="Show only this part of the lines: all, of templates seen or unseen in training, "
        "anomalies of unseen templates among all normal lines, or of unseen alert categories.",
    ),
    click.option(
        "--label-curve", is_flag=True, help="Compare the strategies of labelling for each K."
    ),
    click.option(
        "--detectors",
        metavar="NAMES",
        show_default="all",
        help="Detectors to study, separated by semicolons.",
    ),
    preset_options(default="words"),
    click.option(
        "--html",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Also write the study as an HTML page.",
    ),
    force_option,
)


@dataclass(frozen=True)
class StudyOptions:
    """The values of the options of a study.

    Parameters
    ----------
    cuts, per_template : str
        Numbers separated by commas: splits by time, and K.
    folds, seeds : int
        Folds of templates left out, and seeds of training.
    detectors : str or None
        Names separated by semicolons; None for all.
    weighting : str
        The weighting of the table in the terminal.
    label_curve : bool
        Compare strategies of labelling for each K.
    html : Path or None
        Where to write the page.
    force : bool
        Whether a page that exists is replaced.
    part : str or None
        The part of the lines in the terminal's table; None for every part.
    preset : str or None
        Preset of the students; None for words.
    fetch : bool
        Whether an encoder may be downloaded.
    """

    cuts: str
    per_template: str
    folds: int
    seeds: int
    detectors: str | None
    weighting: str
    label_curve: bool
    html: Path | None
    force: bool = False
    part: str | None = None
    preset: str | None = None
    fetch: bool = False

    @property
    def shown_part(self) -> str | None:
        """The part of the lines by its name in a study; None for every part."""
        return self.part and self.part.replace("-", " ")

    def plan(self, per_template: int, all_detectors: Sequence[str] | None = None) -> StudyPlan:
        """Return the study's plan for one K.

        Parameters
        ----------
        per_template : int
            K.
        all_detectors : sequence of str, optional
            The detectors if the user names none; without it, those of every study.
        """
        from fame_sql.evaluation.study.study import DETECTORS, StudyPlan
        from fame_sql.students.config import WORDS
        from fame_sql.students.presets import choose

        named = [name.strip() for name in self.detectors.split(";")] if self.detectors else None
        return StudyPlan(
            cuts=tuple(numbers_of(self.cuts, "cuts", "0.5,0.8")),
            folds=self.folds,
            seeds=self.seeds,
            per_template=per_template,
            detectors=tuple(named or all_detectors or DETECTORS),
            config=choose(self.preset or WORDS, fetch=self.fetch),
        )

    def each_k(self) -> list[int]:
        """Return every K in the order given.

        Raises
        ------
        InputError
            If there is none, one is given twice, or one is not a whole number from 1 on.
        """
        numbers = list(numbers_of(self.per_template, "K", "1,5,20"))
        for place, k in enumerate(numbers):
            if not (1 <= k <= MOST and k.is_integer()):
                raise InputError(
                    f"K must be a whole number from 1 to {MOST}, not {k:g}: write 1,5,20"
                )
            if k in numbers[:place]:
                raise InputError(f"K = {k:g} is given twice: give each K once")
        if not numbers:
            raise InputError(f"{self.per_template!r} has no K: write numbers such as 1,5,20")
        return [int(k) for k in numbers]

    def weightings(self, every: bool) -> tuple[str, ...]:
        """Return the weightings to measure: the chosen one, or every one also for a page."""
        from fame_sql.evaluation.study.weightings import WEIGHTINGS

        return tuple(WEIGHTINGS) if every or self.html else (self.weighting,)


def numbers_of(text: str, what: str, example: str) -> Iterator[float]:
    """Yield the numbers of a list with commas.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        yield from [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(
            f"{text!r} is not a list of {what}: write numbers such as {example}"
        ) from None


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a study, which the command takes as one argument ``study``."""
    return grouped(command, _OPTIONS, StudyOptions, "study")
