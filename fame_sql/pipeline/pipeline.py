"""Run every missing stage, and report which stages are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.domains.domains import (
    Placer,
    group_templates,
    keep_grouping,
    place_new_templates,
    read_grouping,
    read_summaries,
)
from fame_sql.domains.grouping import Grouper
from fame_sql.domains.proposals.offline import group_offline
from fame_sql.errors import InputError
from fame_sql.labels import PER_TEMPLATE, label_from_column
from fame_sql.labels.answers import learn_answers
from fame_sql.labels.readings import READINGS
from fame_sql.models import champion
from fame_sql.operations.feedback import learn_feedback
from fame_sql.scoring.scoring import ScoringReport, score_events
from fame_sql.students import StudentConfig
from fame_sql.students.runtime import Runtime
from fame_sql.templates.matching import match_events
from fame_sql.templates.mining import adopt_answered, mine
from fame_sql.training.context import inputs_hash
from fame_sql.training.training import train_students
from fame_sql.training.values import settle_value_heads
from fame_sql.warehouse.warehouse import Warehouse, utc_now

if TYPE_CHECKING:
    from fame_sql.llm.model import LanguageModel
    from fame_sql.llm.request import Request


@dataclass(frozen=True)
class Status:
    """The state of a warehouse.

    Parameters
    ----------
    counts : dict
        Numbers of lines, events, templates and so on by name, in the order of the stages.
    model_version : str or None
        The champion.
    next_command : str
        The command to run next.
    """

    counts: dict[str, Any]
    model_version: str | None
    next_command: str


def status(warehouse: Warehouse) -> Status:
    """Return the state of the warehouse and the command to run next."""
    counts = warehouse.records(sql.load("pipeline/status"))[0]
    version = counts.pop("model_version")
    is_stale = version is not None and _is_stale(warehouse)
    return Status(counts, version, _next_command(counts, version, is_stale))


def _is_stale(warehouse: Warehouse) -> bool:
    """Return whether labels, domains, masks or the split have changed since the training."""
    metrics = champion(warehouse).metrics
    try:
        config = StudentConfig(**metrics["config"])
    except (KeyError, TypeError, InputError):
        return True
    return bool(metrics.get("inputs") != inputs_hash(warehouse, config))


# Of all columns the first that fit a terminal would be those of where a line came from.
_LOOK_AT_ANOMALIES = 'fame query "SELECT score, timestamp, service_name, body FROM anomalies"'


def _next_command(counts: dict[str, Any], version: str | None, is_stale: bool) -> str:
    nothing_left = counts["lines_in_partitions"] == 0 or counts["templates"] == 0
    missing = (
        (counts["lines"] == 0 and nothing_left, "fame ingest LOGFILE"),
        (counts["templates"] == 0, "fame mine"),
        (counts["labels"] == 0, "fame label"),
        (counts["answers_to_learn"] > 0, "fame compile"),
        (counts["domains"] == 0 or counts["templates_without_domain"] > 0, "fame domains"),
        (version is None or is_stale, "fame train"),
        (counts["scored_events"] < counts["events"], "fame score"),
    )
    todo = (command for is_missing, command in missing if is_missing)
    return next(todo, _LOOK_AT_ANOMALIES)


def compile_model(
    warehouse: Warehouse,
    *,
    fraction: float | None = None,
    per_template: int = PER_TEMPLATE,
    readings: int = READINGS,
    config: StudentConfig | None = None,
    model: LanguageModel | None = None,
    full: bool = False,
    runtime: Runtime | None = None,
    progress: Progress | None = None,
    on_stage: Callable[[str, object], None] | None = None,
) -> ScoringReport:
    """Run every missing stage, from mining to scoring.

    A stage that has a result is not run again. Training is skipped if the champion was trained
    with the same labels, domains, masks and split. New templates are added to the existing
    domains; domains without changes keep their experts and scores.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with logs.
    fraction : float, optional
        Mine again with this training period; by default only if there are no templates.
    per_template : int
        K: maximum number of labelled lines per template.
    readings : int
        How often the model reads each line, 1 or 2.
    config : StudentConfig, optional
        Sizes and seeds of the students; by default those of the champion.
    model : LanguageModel, optional
        Labels the templates without labels, and groups or places templates. Without it, the
        existing labels and the offline grouping are used.
    full : bool
        Train everything again, whatever has changed.
    runtime : Runtime, optional
        The runtime of the students; by default that of the champion, or torch.
    progress : Progress, optional
        Receives the progress.
    on_stage : callable, optional
        Called with the name and the report of each stage after it has run.
    """
    progress = progress or SilentProgress()
    report_stage = on_stage or (lambda name, report: None)
    counts = status(warehouse).counts
    if fraction is not None or counts["templates"] == 0:
        split = 0.8 if fraction is None else fraction
        report_stage("mine", mine(warehouse, fraction=split, progress=progress))
    _adopt(warehouse, report_stage)
    settle_value_heads(warehouse, config or StudentConfig())
    _label(warehouse, per_template, readings, model, progress, report_stage)
    _group(warehouse, model, report_stage)
    report = train_students(
        warehouse, config=config, again=full, progress=progress, runtime=runtime
    )
    report_stage("train", report)
    scored = score_events(warehouse, progress=progress)
    report_stage("score", scored)
    return scored


def _adopt(warehouse: Warehouse, report_stage: Callable[[str, object], None]) -> None:
    """Make templates of what has been answered, and labels of the answers and of feedback."""
    with warehouse.transaction():
        if warehouse.value("SELECT count(*) FROM fame.feedback"):
            learn_feedback(warehouse, utc_now())
        adopted = adopt_answered(warehouse)
        if adopted:
            match_events(warehouse)
        learn_answers(warehouse)
    if adopted:
        report_stage("adopt", adopted)


def _label(
    warehouse: Warehouse,
    per_template: int,
    readings: int,
    model: LanguageModel | None,
    progress: Progress,
    report_stage: Callable[[str, object], None],
) -> None:
    """Use the labels of the logs, then let the model label the templates that have none."""
    has_labels = status(warehouse).counts["labels"] > 0
    if not has_labels and (model is None or _has_label_column(warehouse)):
        report_stage("label", label_from_column(warehouse, per_template=per_template))
    if model is not None and warehouse.value(sql.load("labels/count_unread")):
        from fame_sql.labels.by_llm import label_with_llm

        report = label_with_llm(
            warehouse, model, per_template=per_template, readings=readings, progress=progress
        )
        report_stage("label", report)


def _has_label_column(warehouse: Warehouse) -> bool:
    return bool(
        warehouse.value(
            "SELECT count(*) FROM fame.log_periods WHERE period <> 'later' AND label IS NOT NULL"
        )
    )


def _group(
    warehouse: Warehouse, model: LanguageModel | None, report_stage: Callable[[str, object], None]
) -> None:
    """Group the templates, or place the new ones."""
    if status(warehouse).next_command != "fame domains":
        return
    if status(warehouse).counts["domains"] == 0:
        report_stage("domains", group_templates(warehouse, _grouper(model)))
    else:
        report_stage("domains", place_new_templates(warehouse, _placer(model)))


def _grouper(model: LanguageModel | None) -> Grouper:
    if model is None:
        return group_offline
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    return LLMGrouper(model)


def _placer(model: LanguageModel | None) -> Placer:
    if model is None:
        return keep_grouping
    from fame_sql.domains.proposals.placing import LLMPlacer

    return LLMPlacer(model)


def preview_compile(
    warehouse: Warehouse,
    model: LanguageModel,
    *,
    fraction: float | None = None,
    per_template: int = PER_TEMPLATE,
    readings: int = READINGS,
) -> tuple[list[Request], list[str]]:
    """Return the requests of :func:`compile_model` to a language model, without sending them.

    Templates are mined if there are none, because the requests depend on them.

    Returns
    -------
    requests : list of Request
        Those that do not depend on an answer.
    notes : list of str
        Notes on the requests that will follow.

    Raises
    ------
    InputError
        If ``fraction`` is given, because that needs another mining.
    """
    if fraction is not None:
        raise InputError(
            f"--dry-run uses the existing templates and cannot mine with --split {fraction}: run "
            f"'fame mine --split {fraction}' first"
        )
    counts = status(warehouse).counts
    if counts["templates"] == 0:
        mine(warehouse)
    from fame_sql.labels.by_llm import preview_labels

    if counts["labels"] == 0 and _has_label_column(warehouse):
        requests, notes = [], ["the logs have labels: no line needs to be labelled"]
    else:
        preview = preview_labels(warehouse, model, per_template=per_template, readings=readings)
        requests = preview.requests
        notes = [
            f"{preview.lines} lines of {preview.templates} templates to label at first, "
            f"{preview.lines_at_most} at most{preview.price_at_most(model)}"
        ]
    added, note = _preview_domains(warehouse, model)
    return [*requests, *added], [*notes, note]


def _preview_domains(warehouse: Warehouse, model: LanguageModel) -> tuple[list[Request], str]:
    from fame_sql.domains.proposals.by_llm import LLMGrouper
    from fame_sql.domains.proposals.placing import LLMPlacer

    summaries = read_summaries(warehouse)
    counts = status(warehouse).counts
    if counts["domains"] == 0:
        grouper = LLMGrouper(model)
        note = "the requests for the grouping will also contain the labels that are missing now"
        if merges := grouper.merges(summaries).in_words():
            note += f"; {merges}"
        return grouper.preview(summaries), note
    if counts["templates_without_domain"] == 0:
        return [], "every template has a domain: no request is needed"
    current = read_grouping(warehouse)
    placed = {i for domain in current.domains for i in domain.template_ids}
    new = [summary for summary in summaries if summary.template_id not in placed]
    return LLMPlacer(model).preview(current, new), f"{len(new)} new templates to place"
