"""What 'fame evaluate --study' shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import print_json, print_table, terminal_progress
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.evaluation.curve import Point
    from fame_sql.evaluation.metrics import Measured
    from fame_sql.evaluation.study import Finding, StudyPlan

_COLUMNS = (
    "split",
    "lines",
    "detector",
    "precision",
    "recall",
    "F1",
    "AP",
    "false alarms/M",
    "calibration error",
    "recall bound",
)


@dataclass(frozen=True)
class StudyChoices:
    """What the command line says of a study.

    Parameters
    ----------
    cuts, per_template : str
        Numbers separated by commas: splits by time, and K.
    folds, seeds : int
        Folds of templates left out, and seeds of training.
    detectors : str or None
        Names separated by semicolons; None for all.
    weighting : str
        What the table in the terminal counts.
    label_curve : bool
        Compare strategies of labelling for every K.
    html : Path or None
        Where the page goes.
    encoder : str or None
        What the students read by; None for compact.
    fetch : bool
        Whether the hub may be asked for it.
    """

    cuts: str
    per_template: str
    folds: int
    seeds: int
    detectors: str | None
    weighting: str
    label_curve: bool
    html: Path | None
    encoder: str | None = None
    fetch: bool = False

    def plan(self, per_template: int, all_detectors: Sequence[str] | None = None) -> StudyPlan:
        """Return the plan for one K, with these detectors where the user names none."""
        from fame_sql.evaluation.study import DETECTORS, StudyPlan
        from fame_sql.students.config import COMPACT
        from fame_sql.students.presets import choose

        asked = [d.strip() for d in self.detectors.split(";")] if self.detectors else None
        names = tuple(asked or all_detectors or DETECTORS)
        return StudyPlan(
            cuts=tuple(_numbers(self.cuts, "cuts", "0.5,0.8")),
            folds=self.folds,
            seeds=self.seeds,
            per_template=per_template,
            detectors=names,
            config=choose(self.encoder or COMPACT, fetch=self.fetch),
        )

    def each_k(self) -> list[int]:
        """Return every K in the order given."""
        return [int(k) for k in _numbers(self.per_template, "K", "1,5,20")]


def _numbers(text: str, what: str, example: str) -> Iterator[float]:
    try:
        yield from [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"{text!r} are no {what}: write numbers such as {example}") from None


def show_study(warehouse: Path, choices: StudyChoices, as_json: bool) -> None:
    """Run the study for every K, print it as tables or JSON, and write the page of the last."""
    from fame_sql.evaluation.study import run_study

    folder = warehouse.with_name(f"{warehouse.stem}.study")
    if choices.label_curve:
        _show_curve(warehouse, folder, choices, as_json)
        return
    shown: list[dict[str, object]] = []
    for k in choices.each_k():
        plan = choices.plan(k)
        findings = run_study(warehouse, folder, plan, progress=terminal_progress())
        shown.append(_show(warehouse, findings, plan, choices, as_json))
    if as_json:
        print_json(shown[0] if len(shown) == 1 else {"studies": shown})


def _show_curve(warehouse: Path, folder: Path, choices: StudyChoices, as_json: bool) -> None:
    from fame_sql.evaluation.curve import CURVE_DETECTORS, label_curve

    each_k = choices.each_k()
    plan = choices.plan(each_k[-1], CURVE_DETECTORS)
    points = label_curve(warehouse, folder, plan, each_k, progress=terminal_progress())
    if choices.html is not None:
        from fame_sql.evaluation.study import run_study

        findings = run_study(warehouse, folder, plan, progress=terminal_progress())
        _write_page(choices.html, warehouse, findings, {}, _facts(findings, plan), points)
    if as_json:
        print_json([point.to_dict() for point in points])
        return
    columns = ("split", "detector", "labels chosen", "K", "lines labelled", "F1", "AP")
    print_table(
        columns,
        [(*p.names, f"{p.labels:.0f}", _shown(p.f1), _shown(p.average_precision)) for p in points],
    )


def _show(
    warehouse: Path,
    findings: Sequence[Finding],
    plan: StudyPlan,
    choices: StudyChoices,
    as_json: bool,
) -> dict[str, object]:
    """Print the table of one K and write its page; return what goes into JSON."""
    from fame_sql.evaluation.claims import claims, sentences
    from fame_sql.evaluation.summary import as_rows, confusion, gathered, labels_spent, measured
    from fame_sql.evaluation.weights import WEIGHTINGS

    wanted = WEIGHTINGS if as_json or choices.html else (choices.weighting,)
    measures = {name: measured(gathered(findings, name)) for name in wanted}
    compared = claims(gathered(findings))
    facts = [*_facts(findings, plan), *sentences(compared)]
    if choices.html is not None:
        _write_page(choices.html, warehouse, findings, measures, facts)
    if not as_json:
        print_table(_COLUMNS, _rows(measures[choices.weighting]))
        for fact in facts:
            click.echo(fact)
    return {
        "facts": facts,
        "per_template": plan.per_template,
        "labels": [asdict(spent) for spent in labels_spent(findings)],
        "measures": [row for name, found in measures.items() for row in as_rows(found, name)],
        "claims": [claim.to_dict() for claim in compared],
        "confusion": [asdict(cell) for cell in confusion(findings)],
    }


def _facts(findings: Sequence[Finding], plan: StudyPlan) -> list[str]:
    from fame_sql.evaluation.summary import labels_spent

    told = "; ".join(
        f"{spent.split}: {spent.labels} of {spent.lines} lines"
        + (f" (1 in {spent.reduction:.0f})" if spent.reduction else "")
        for spent in labels_spent(findings)
    )
    return [
        f"{plan.seeds} seeds, K = {plan.per_template}; intervals are 95 % of bootstraps over seeds "
        "and blocks of time.",
        f"Lines labelled of those available: {told}.",
        "The recall bound is what the ranking allows at 1 % false alarms, the threshold chosen on "
        "the judged lines themselves.",
    ]


def _rows(
    measures: Mapping[tuple[str, str, str], Mapping[str, Measured]],
) -> list[tuple[object, ...]]:
    rows = [
        (split, part, detector, *(_shown(value) for value in found.values()))
        for (split, detector, part), found in measures.items()
    ]
    return sorted(rows, key=lambda row: (row[0], row[1]))


def _shown(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    digits = 0 if measured.value > 1.5 else 3
    if measured.low is None or measured.high is None:
        return f"{measured.value:.{digits}f}"
    interval = f"[{measured.low:.{digits}f}, {measured.high:.{digits}f}]"
    return f"{measured.value:.{digits}f} {interval}"


def _write_page(
    html: Path,
    warehouse: Path,
    findings: Sequence[Finding],
    measures: Mapping[str, Mapping[tuple[str, str, str], Mapping[str, Measured]]],
    facts: Sequence[str],
    curve: Sequence[Point] = (),
) -> None:
    from fame_sql.evaluation.page import html_page
    from fame_sql.evaluation.splits import read_lines
    from fame_sql.evaluation.summary import confusion, gathered, most_wrong
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        texts = read_lines(opened).canonical
    page = html_page(
        f"Study of {warehouse.name}",
        gathered(findings),
        measures,
        confusion(findings),
        most_wrong(findings, texts),
        facts,
        curve,
    )
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None
