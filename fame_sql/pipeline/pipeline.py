"""Running every stage that is missing, and telling which are."""

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
from fame_sql.models import champion
from fame_sql.scoring.scoring import ScoringReport, score_events
from fame_sql.students import StudentConfig
from fame_sql.students.network.runtimes import Runtime
from fame_sql.templates.mining import mine
from fame_sql.training.training import inputs_hash, train_students
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.llm.model import LanguageModel
    from fame_sql.llm.request import Request


@dataclass(frozen=True)
class Status:
    """What a warehouse holds.

    Parameters
    ----------
    counts : dict
        Rows of each kind by name, in the order of the stages.
    model_version : str or None
        The champion.
    next_command : str
        What to run next.
    """

    counts: dict[str, Any]
    model_version: str | None
    next_command: str


def status(warehouse: Warehouse) -> Status:
    """Return what the warehouse holds and which stage comes next."""
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


def _next_command(counts: dict[str, Any], version: str | None, is_stale: bool) -> str:
    nothing_left = counts["lines_in_partitions"] == 0 or counts["templates"] == 0
    missing = (
        (counts["lines"] == 0 and nothing_left, "fame ingest LOGFILE"),
        (counts["templates"] == 0, "fame mine"),
        (counts["labels"] == 0, "fame label"),
        (counts["domains"] == 0 or counts["templates_without_domain"] > 0, "fame domains"),
        (version is None or is_stale, "fame train"),
        (counts["scored_events"] < counts["events"], "fame score"),
    )
    todo = (command for is_missing, command in missing if is_missing)
    return next(todo, 'fame query "SELECT * FROM anomalies"')


def compile_model(
    warehouse: Warehouse,
    *,
    fraction: float | None = None,
    per_template: int = PER_TEMPLATE,
    config: StudentConfig | None = None,
    model: LanguageModel | None = None,
    full: bool = False,
    runtime: Runtime | None = None,
    progress: Progress | None = None,
    on_stage: Callable[[str, object], None] | None = None,
) -> ScoringReport:
    """Run every stage that is missing, from mining to scoring.

    A stage whose result is there is not run again; training is skipped where the champion
    learned from the same labels, domains, masks and split. Templates that have appeared since
    the partition are placed into it, and the domains that are there stay; those in which nothing
    has changed keep their experts and their scores.

    Parameters
    ----------
    warehouse : Warehouse
        Where logs have been ingested.
    fraction : float, optional
        Mine anew with this training period; without it only if there are no templates yet.
    per_template : int
        K: at most so many lines of a template are labelled.
    config : StudentConfig, optional
        Sizes and seeds of the students; by default those of the champion.
    model : LanguageModel, optional
        Labels the templates that nobody has judged, and partitions or places them; without
        it the labels that exist and the offline partition.
    full : bool
        Train everything anew, whatever has changed.
    runtime : Runtime, optional
        What the students are to run on; by default what the champion runs on, or torch.
    progress : Progress, optional
        Where to tell how far it is.
    on_stage : callable, optional
        Called with each stage's name and report when it has run.
    """
    progress = progress or SilentProgress()
    tell = on_stage or (lambda name, report: None)
    counts = status(warehouse).counts
    if fraction is not None or counts["templates"] == 0:
        split = 0.8 if fraction is None else fraction
        tell("mine", mine(warehouse, fraction=split, progress=progress))
    _label(warehouse, per_template, model, progress, tell)
    _group(warehouse, model, tell)
    report = train_students(
        warehouse, config=config, again=full, progress=progress, runtime=runtime
    )
    tell("train", report)
    scored = score_events(warehouse, progress=progress)
    tell("score", scored)
    return scored


def _label(
    warehouse: Warehouse,
    per_template: int,
    model: LanguageModel | None,
    progress: Progress,
    tell: Callable[[str, object], None],
) -> None:
    """Take the labels that the logs carry, then have the model judge what nobody has."""
    has_labels = status(warehouse).counts["labels"] > 0
    if not has_labels and (model is None or _carries_labels(warehouse)):
        tell("label", label_from_column(warehouse, per_template=per_template))
    if model is not None and warehouse.value(sql.load("labels/count_unread")):
        from fame_sql.labels.by_llm import label_with_llm

        report = label_with_llm(warehouse, model, per_template=per_template, progress=progress)
        tell("label", report)


def _carries_labels(warehouse: Warehouse) -> bool:
    return bool(
        warehouse.value(
            "SELECT count(*) FROM fame.log_periods WHERE period <> 'later' AND label IS NOT NULL"
        )
    )


def _group(
    warehouse: Warehouse, model: LanguageModel | None, tell: Callable[[str, object], None]
) -> None:
    """Partition the templates, or place those that have appeared since."""
    if status(warehouse).next_command != "fame domains":
        return
    if status(warehouse).counts["domains"] == 0:
        tell("domains", group_templates(warehouse, _grouper(model)))
    else:
        tell("domains", place_new_templates(warehouse, _placer(model)))


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
) -> tuple[list[Request], list[str]]:
    """Return what :func:`compile_model` would ask of a language model, without asking.

    Templates are mined if there are none, for nothing can be planned without them.

    Returns
    -------
    requests : list of Request
        Those that do not depend on an answer.
    notes : list of str
        What will follow.

    Raises
    ------
    InputError
        If ``fraction`` asks for another mining: mine first.
    """
    if fraction is not None:
        raise InputError("--dry-run plans for the templates there are: run 'fame mine' first")
    counts = status(warehouse).counts
    if counts["templates"] == 0:
        mine(warehouse)
    from fame_sql.labels.by_llm import preview_labels

    if counts["labels"] == 0 and _carries_labels(warehouse):
        requests, notes = [], ["the logs carry labels: none is asked for"]
    else:
        plan = preview_labels(warehouse, model, per_template=per_template)
        requests = plan.requests
        notes = [
            f"{plan.lines} lines of {plan.templates} templates to label at first, "
            f"{plan.lines_at_most} at most"
        ]
    added, note = _plan_domains(warehouse, model)
    return [*requests, *added], [*notes, note]


def _plan_domains(warehouse: Warehouse, model: LanguageModel) -> tuple[list[Request], str]:
    from fame_sql.domains.proposals.by_llm import LLMGrouper
    from fame_sql.domains.proposals.placing import LLMPlacer

    summaries = read_summaries(warehouse)
    counts = status(warehouse).counts
    if counts["domains"] == 0:
        note = "the partition's requests will also carry the labels that are not there yet"
        return LLMGrouper(model).preview(summaries), note
    if counts["templates_without_domain"] == 0:
        return [], "every template has a domain: none is asked for"
    current = read_grouping(warehouse)
    placed = {i for domain in current.domains for i in domain.template_ids}
    new = [summary for summary in summaries if summary.template_id not in placed]
    return LLMPlacer(model).preview(current, new), f"{len(new)} new templates to place"
