"""A rule judges every event by its severity, or by its failure words where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.errors import InputError, MissingStageError
from fame_sql.ingest import ingest_file
from fame_sql.labels import label_from_severity
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
ROUTINE = [f"worker {word} {word}{word} took a job" for word in WORDS]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


def _mined(warehouse: Warehouse, lines: Sequence[str]) -> Warehouse:
    log = warehouse.path.with_name("app.log")
    log.write_text("".join(f"{line}\n" for line in lines))
    ingest_file(warehouse, log)
    mine(warehouse, fraction=1)
    return warehouse


def _labels(warehouse: Warehouse) -> list[tuple[str, bool, str]]:
    return warehouse.rows(
        "SELECT example, is_anomaly, evidence FROM fame.labels "
        "INNER JOIN fame.events USING (event_id) ORDER BY ALL"
    )


def test_every_event_is_judged_however_many_its_template_has(warehouse: Warehouse) -> None:
    lines = [f"2026-03-01 10:00:00 INFO {text}" for text in ROUTINE * 5]
    _mined(warehouse, [*lines, "2026-03-01 10:01:00 ERROR gone"] * 3)
    report = label_from_severity(warehouse, "ERROR")
    events = warehouse.value("SELECT count(*) FROM fame.events")
    assert (report.labels, report.anomalous, report.by_words) == (events, 1, 0)
    assert ("gone", True, "severity ERROR against ERROR") in _labels(warehouse)


def test_an_event_with_two_levels_gets_both_judgements(warehouse: Warehouse) -> None:
    _mined(
        warehouse,
        [f"2026-03-01 10:00:00 {level} queue is long" for level in ("INFO", "ERROR", "INFO")],
    )
    report = label_from_severity(warehouse, "error")
    assert (report.labels, report.conflicting_events) == (2, 1)


@pytest.mark.parametrize(
    ("rule", "anomalous"),
    [("FATAL", {"kernel panic"}), ("ERROR", {"kernel panic", "upload failed"})],
)
def test_without_severities_the_words_decide_and_the_report_says_so(
    warehouse: Warehouse, rule: str, anomalous: set[str]
) -> None:
    _mined(warehouse, [*ROUTINE, "kernel panic", "upload failed", "job was skipped"])
    report = label_from_severity(warehouse, rule)
    found = _labels(warehouse)
    assert {example for example, is_anomaly, _ in found if is_anomaly} == anomalous
    assert report.by_words == report.labels
    assert ("kernel panic", True, 'says "kernel panic"') in found


def test_the_command_says_that_words_decide(warehouse: Warehouse) -> None:
    _mined(warehouse, [*ROUTINE, "upload failed"])
    warehouse.close()
    done = CliRunner().invoke(
        main, ["label", "--rule", "ERROR", "--warehouse", str(warehouse.path)]
    )
    assert "9 by failure words, because these lines have no severity" in done.output


@pytest.mark.parametrize(
    ("lines", "rule", "said"),
    [
        (ROUTINE, "ERROR", "every event is normal by --rule ERROR.*a lower severity.*fame look"),
        (["it failed", "panic"], "WARN", "every event is anomalous by --rule WARN.*a higher"),
    ],
)
def test_labels_of_one_kind_are_refused_and_not_kept(
    warehouse: Warehouse, lines: list[str], rule: str, said: str
) -> None:
    _mined(warehouse, lines)
    with pytest.raises(InputError, match=said):
        label_from_severity(warehouse, rule)
    assert _labels(warehouse) == []


def test_one_kind_beside_the_other_from_a_person_is_kept(warehouse: Warehouse) -> None:
    _mined(warehouse, [*ROUTINE, "upload failed"])
    warehouse.connection.execute(
        "INSERT INTO fame.labels SELECT NULL, event_id, template_id, true, NULL, 'human', "
        "'me', NULL, current_timestamp FROM fame.events WHERE event_id = 1"
    )
    assert label_from_severity(warehouse, "FATAL").anomalous == 1


def test_a_rule_needs_templates(warehouse: Warehouse) -> None:
    with pytest.raises(MissingStageError, match="fame mine"):
        label_from_severity(warehouse, "ERROR")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rule", "ERROR"), "labelled"),
        (("--strategy", "random", "--budget", "3"), "no line of the training period has a label"),
        (("--rule", "ERROR", "--llm"), "use either --rule or --llm-model, not both"),
    ],
    ids=["rule", "budget", "both"],
)
def test_a_model_in_the_environment_does_not_stand_in_the_way_of_a_rule(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    _mined(warehouse, [*ROUTINE, "ERROR disk failed"]).close()
    monkeypatch.setenv("FAME_LLM", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("FAME_LLM_MODEL", "gpt-4o")
    done = CliRunner().invoke(main, ["label", *words, "--warehouse", str(warehouse.path)])
    assert said in done.output
