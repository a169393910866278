"""What 'fame evaluate --study' shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import print_json, print_table, terminal_progress
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.evaluation.metrics import Judged, Measured
    from fame_sql.evaluation.study import Finding, StudyPlan

_COLUMNS = ("split", "lines", "detector", "precision", "recall", "F1", "AP", "false alarms/M")


def show_study(
    warehouse: Path,
    cuts: str,
    folds: int,
    seeds: int,
    per_template: int,
    detectors: str | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Run the study and print it as a table or JSON, and write the page."""
    from fame_sql.evaluation.study import DETECTORS, StudyPlan, gathered, run_study

    plan = StudyPlan(
        cuts=_numbers(cuts),
        folds=folds,
        seeds=seeds,
        per_template=per_template,
        detectors=tuple(d.strip() for d in detectors.split(";")) if detectors else DETECTORS,
    )
    folder = warehouse.with_name(f"{warehouse.stem}.study")
    findings = run_study(warehouse, folder, plan, progress=terminal_progress())
    groups = gathered(findings)
    facts = _facts(findings, plan)
    if html is not None:
        _write_page(html, warehouse, findings, groups, facts)
    if as_json:
        print_json({"facts": facts, "measures": _measures(groups)})
        return
    print_table(_COLUMNS, _rows(groups))
    for fact in facts:
        click.echo(fact)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise InputError(f"{text!r} are no cuts: write numbers such as 0.5,0.8") from None


def _facts(findings: Sequence[Finding], plan: StudyPlan) -> list[str]:
    labels = sorted({(f.split, f.labels, f.lines_known) for f in findings if f.seed == 0})
    told = "; ".join(f"{split}: {n} of {lines} lines" for split, n, lines in labels)
    return [
        f"{plan.seeds} seeds, K = {plan.per_template}; intervals are 95 % of bootstraps over seeds "
        "and blocks of time.",
        f"Lines labelled of those available: {told}.",
    ]


def _rows(
    groups: Mapping[tuple[str, str, str], Sequence[Judged]],
) -> list[tuple[object, ...]]:
    from fame_sql.evaluation.metrics import with_intervals

    rows: list[tuple[object, ...]] = []
    for (split, detector, part), seeds in groups.items():
        if any(len(judged.score) for judged in seeds):
            measured = with_intervals(seeds)
            rows.append((split, part, detector, *(_shown(value) for value in measured.values())))
    return sorted(rows, key=lambda row: (str(row[0]), str(row[1])))


def _shown(measured: Measured) -> str:
    if measured.value is None:
        return "-"
    digits = 0 if measured.value > 1.5 else 3
    if measured.low is None or measured.high is None:
        return f"{measured.value:.{digits}f}"
    interval = f"[{measured.low:.{digits}f}, {measured.high:.{digits}f}]"
    return f"{measured.value:.{digits}f} {interval}"


def _measures(
    groups: Mapping[tuple[str, str, str], Sequence[Judged]],
) -> list[dict[str, object]]:
    from fame_sql.evaluation.metrics import with_intervals

    return [
        {
            "split": split,
            "detector": detector,
            "lines": part,
            **{
                name: {"value": m.value, "low": m.low, "high": m.high}
                for name, m in with_intervals(seeds).items()
            },
        }
        for (split, detector, part), seeds in groups.items()
    ]


def _write_page(
    html: Path,
    warehouse: Path,
    findings: Sequence[Finding],
    groups: Mapping[tuple[str, str, str], Sequence[Judged]],
    facts: Sequence[str],
) -> None:
    from fame_sql.evaluation.page import html_page
    from fame_sql.evaluation.splits import read_lines
    from fame_sql.evaluation.study import most_wrong
    from fame_sql.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        texts = read_lines(opened).canonical
    page = html_page(f"Study of {warehouse.name}", groups, most_wrong(findings, texts), facts)
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{html} cannot be written: {error.strerror}") from None
