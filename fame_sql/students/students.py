"""Training and loading students, whichever preset they have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fame_sql.console import Progress
from fame_sql.errors import InputError
from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.facts import StudentFacts
from fame_sql.students.runtime import require
from fame_sql.students.words.student import WordsStudent

if TYPE_CHECKING:
    from fame_sql.students.fitting.checkpoints import Checkpoints
    from fame_sql.students.network.student import EncoderStudent
    from fame_sql.students.student import Student


def train(
    examples: LabelledEvents,
    texts: Sequence[str],
    domains: Sequence[DomainSpec],
    config: StudentConfig,
    placeholders: Sequence[str],
    progress: Progress,
    target: float | None = None,
    hold_out: bool = True,
    checkpoints: Checkpoints | None = None,
) -> Student:
    """Train a student; on one machine, the same input gives the same student, bit for bit.

    Parameters
    ----------
    examples : LabelledEvents
        The labelled events.
    texts : sequence of str
        All canonical texts of the training period; an encoder's tokenizer learns from them.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    config : StudentConfig
        Preset, sizes, bounds and seed.
    placeholders : sequence of str
        The recipe's placeholders, each of which is one token of an encoder.
    progress : Progress
        Shows the progress.
    target : float, optional
        Maximum false alarms per million lines, from which thresholds are then computed.
    hold_out : bool
        Evaluate the calibration slice by an encoder that has not seen it even if it is too small
        to calibrate on, so that the student's errors on known templates are known. Without an
        encoder this costs nothing and is always done.
    checkpoints : Checkpoints, optional
        Where an encoder's checkpoints are kept; a training that was killed and is resumed gives
        the same student.

    Raises
    ------
    InputError
        If there are no examples, or one has no valid domain.
    ModelError
        If a package that the encoder needs is not installed.
    """
    _check(examples, domains)
    if not config.has_encoder:
        from fame_sql.students.words import training as words

        with progress.step("training", 1) as step:
            student = words.train(examples, domains, config, target)
            step.advance()
        return student
    require(["tokenizers", "torch"], f"training preset {config.preset!r}", "encoders")
    from fame_sql.students.fitting import training

    return training.train(
        examples,
        texts,
        domains,
        config,
        placeholders,
        progress,
        target=target,
        hold_out=hold_out,
        checkpoints=checkpoints,
    )


def retrain(
    parent: Student,
    examples: LabelledEvents,
    domains: Sequence[DomainSpec],
    changed: Collection[str],
    progress: Progress,
    target: float | None = None,
) -> Student:
    """Return a student whose changed domains are retrained and whose others are the parent's.

    On one machine, the same input gives the same student, bit for bit.

    Parameters
    ----------
    parent : Student
        Everything that scores its unchanged domains is kept.
    examples : LabelledEvents
        All labelled events.
    domains : sequence of DomainSpec
        The failure domains that ``examples.domain`` points into.
    changed : collection of str
        Names of the domains to retrain; the others must be the parent's, of the same kind.
    progress : Progress
        Shows each part.
    target : float, optional
        Maximum false alarms per million lines; moves the threshold for unseen templates. The
        one for known templates remains the parent's.

    Raises
    ------
    InputError
        If a domain is neither changed nor one of the parent's, or the parent has separate
        encoders for its experts.
    """
    _check(examples, domains)
    if isinstance(parent, WordsStudent):
        from fame_sql.students.words import training as words

        with progress.step("training what has changed", 1) as step:
            student = words.retrain(parent, examples, domains, changed, target)
            step.advance()
        return student
    from fame_sql.students.fitting import retraining

    encoder = cast("EncoderStudent", parent)
    return retraining.retrain(encoder, examples, domains, changed, progress, target)


def load_student(folder: Path) -> Student:
    """Read a student from a model folder.

    Parameters
    ----------
    folder : Path
        The folder.

    Raises
    ------
    ModelError
        If a file is missing, cannot be read, or does not fit the others; or a package that the
        encoder needs is not installed.
    """
    facts = StudentFacts.read(folder)
    if not facts.config.has_encoder:
        return WordsStudent.load(folder, facts)
    require(["tokenizers"], f"the model in {folder}", "encoders")
    from fame_sql.students.network.student import EncoderStudent

    return EncoderStudent.load(folder, facts)


def _check(examples: LabelledEvents, domains: Sequence[DomainSpec]) -> None:
    if not len(examples):
        raise InputError("there are no labelled events to train on: run 'fame label' first")
    if not ((examples.domain >= 0) & (examples.domain < len(domains))).all():
        raise InputError(
            f"labelled events: domain must be an index below {len(domains)}, the number of domains"
        )
