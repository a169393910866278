from __future__ import annotations

import csv
from collections import deque
from pathlib import Path

import pytest

from fame_sql.errors import InputError, MissingStageError
from fame_sql.labels import (
    count_labels,
    export_lines,
    import_labels,
    label_from_column,
    label_from_severity,
    label_some_from_column,
)
from fame_sql.labels.selection.active import Question, most_useful
from fame_sql.verdict.label_words import ANOMALOUS, NORMAL
from fame_sql.warehouse.warehouse import Warehouse


def test_labels_come_from_the_training_period_only(opened: Warehouse) -> None:
    label_from_column(opened)
    periods = opened.rows(
        "SELECT DISTINCT period FROM fame.labels "
        "INNER JOIN fame.log_periods ON labels.log_id = log_periods.log_id"
    )
    assert ("later",) not in periods
    assert len(periods) == 2


@pytest.mark.parametrize("per_template", [1, 5, 20])
def test_at_most_k_lines_a_template(opened: Warehouse, per_template: int) -> None:
    label_from_column(opened, per_template=per_template)
    most, templates = opened.rows(
        "SELECT max(n), count(*) FROM (SELECT count(*) AS n FROM fame.labels GROUP BY template_id)"
    )[0]
    assert most <= per_template
    assert templates == opened.value("SELECT count(*) FROM fame.templates")


def test_distinct_events_come_first(opened: Warehouse) -> None:
    label_from_column(opened, per_template=4)
    wasted = opened.value(
        """
        SELECT count(*) FROM (
            SELECT template_id, count(*) AS labels, count(DISTINCT event_id) AS labelled
            FROM fame.labels GROUP BY template_id
        ) AS spent
        INNER JOIN (
            SELECT template_id, count(DISTINCT event_id) AS available
            FROM fame.log_periods INNER JOIN fame.events USING (event_id)
            WHERE period <> 'later' GROUP BY template_id
        ) AS possible ON spent.template_id = possible.template_id
        WHERE labelled < least(labels, available)
        """
    )
    assert wasted == 0


def test_labelling_again_gives_the_same_labels(opened: Warehouse) -> None:
    first = label_from_column(opened)
    chosen = opened.rows("SELECT log_id FROM fame.labels ORDER BY log_id")
    assert label_from_column(opened) == first
    assert opened.rows("SELECT log_id FROM fame.labels ORDER BY log_id") == chosen


def test_the_simulator_has_templates_of_every_status(opened: Warehouse) -> None:
    found = label_from_column(opened)
    assert found.normal_templates > 0
    assert found.anomalous_templates > 0
    assert found.mixed_templates > 0
    assert found.unlabelled_templates == 0
    assert found.labels < found.lines_available / 3


def test_a_rule_is_marked_as_such_and_loses_to_every_other_source(opened: Warehouse) -> None:
    label_from_column(opened)
    labelled = "SELECT * FROM fame.event_labels WHERE source <> 'rule' ORDER BY event_id"
    by_column = opened.rows(labelled)
    label_from_severity(opened, "error")
    assert opened.rows("SELECT DISTINCT source FROM fame.labels ORDER BY ALL") == [
        ("dataset",),
        ("rule",),
    ]
    assert opened.rows(labelled) == by_column
    # The rule has judged the events that the column's lines per template leave out.
    assert opened.value("SELECT count(*) FROM fame.event_labels") > len(by_column)


def test_a_severity_that_is_none(opened: Warehouse) -> None:
    with pytest.raises(InputError, match=r"'LOUD' is not a severity; use one of TRACE"):
        label_from_severity(opened, "LOUD")


def _judge(path: Path, judgement: str) -> None:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:5]:
        row["label"] = judgement
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_person_judges_in_a_spreadsheet_and_wins(opened: Warehouse, tmp_path: Path) -> None:
    before = count_labels(opened)
    path = tmp_path / "to_judge.csv"
    assert export_lines(opened, path) > 5
    _judge(path, "anomalous")
    after = import_labels(opened, str(path))
    assert after.labels == before.labels + 5
    won = opened.rows(
        "SELECT DISTINCT event_labels.source, normal_labels FROM fame.event_labels "
        "INNER JOIN fame.labels ON labels.event_id = event_labels.event_id "
        "WHERE labels.source = 'human'"
    )
    assert won == [("human", 0)]
    _judge(path, "normal")
    assert import_labels(opened, str(path)).labels == after.labels


@pytest.mark.parametrize(
    ("words", "is_anomaly"), [(NORMAL, False), ((*ANOMALOUS, " Anomalous "), True)]
)
def test_the_words_that_people_may_write(
    opened: Warehouse, words: tuple[str, ...], is_anomaly: bool
) -> None:
    lines = [row[0] for row in opened.rows("SELECT log_id FROM fame.logs LIMIT 10")]
    opened.connection.execute("CREATE TABLE judged (log_id BIGINT, label VARCHAR)")
    opened.connection.executemany(
        "INSERT INTO judged VALUES (?, ?)",
        list(zip(lines, (word.upper() for word in words), strict=False)),
    )
    import_labels(opened, "judged")
    found = "SELECT is_anomaly, count(*) FROM fame.labels WHERE source = 'human' GROUP BY ALL"
    assert opened.rows(found) == [(is_anomaly, len(words))]
    import_labels(opened, "judged")
    assert opened.rows(found) == [(is_anomaly, len(words))]


def test_a_table_of_judgements(opened: Warehouse) -> None:
    template = opened.value(
        "SELECT template_id FROM fame.templates WHERE status = 'normal' ORDER BY ALL LIMIT 1"
    )
    opened.connection.execute("CREATE TABLE judged (template_id VARCHAR, label VARCHAR)")
    opened.connection.execute("INSERT INTO judged VALUES (?, 'anomalous')", [template])
    import_labels(opened, "judged")
    status = "SELECT status FROM fame.templates WHERE template_id = ?"
    assert opened.value(status, [template]) == "anomalous"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("template_id,label\nnosuch,normal\n", r"not in the warehouse: nosuch \(row 2\)"),
        ("log_id,label\n99999999,normal\n", "not in the warehouse: 99999999"),
        ("log_id,label\n'; DROP TABLE fame.logs; --,normal\n", "not in the warehouse"),
        ("log_id,label\n1,perhaps\n", "the label 'perhaps' is neither normal nor anomalous"),
        ("log_id,note\n1,x\n", "a column 'label' and one of"),
        ("label\nnormal\n", "one of log_id, event_hash, template_id"),
        ("log_id,label\n1,\n", "has no labels"),
        ("", "has no labels"),
    ],
)
def test_a_label_file_that_is_wrong_changes_nothing(
    opened: Warehouse, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    before = opened.rows("SELECT * FROM fame.labels ORDER BY ALL")
    with pytest.raises(InputError, match=message):
        import_labels(opened, str(path))
    assert opened.rows("SELECT * FROM fame.labels ORDER BY ALL") == before


def test_neither_a_file_nor_a_table(opened: Warehouse) -> None:
    with pytest.raises(InputError, match="neither a file nor a table"):
        import_labels(opened, "nosuch.csv")


def test_a_cell_that_could_be_a_formula_is_quoted(opened: Warehouse, tmp_path: Path) -> None:
    opened.connection.execute("UPDATE fame.logs SET body = '=cmd()' || body")
    export_lines(opened, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        assert all(row["message"].startswith("'=cmd()") for row in csv.DictReader(file))


def test_labels_before_templates(empty: Warehouse) -> None:
    with pytest.raises(MissingStageError, match="fame mine"):
        label_from_column(empty)


def _question(lines: int, normal: int, anomalous: int, first: int = 0) -> Question:
    waiting = deque(range(first, first + 40))
    return Question(f"t{first}", lines, normal, anomalous, waiting)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (_question(10, 2, 2), _question(10, 4, 0)),
        (_question(10, 0, 0), _question(10, 1, 0)),
        (_question(1000, 3, 0), _question(10, 3, 0)),
        (_question(10, 0, 0), _question(1000, 9, 0)),
    ],
    ids=["both kinds", "nothing known", "frequent", "new before well known"],
)
def test_the_value_of_a_label(better: Question, worse: Question) -> None:
    assert better.value > worse.value


def test_a_surprising_answer_leads_to_more_questions() -> None:
    def asked(surprising: set[int]) -> int:
        questions = [_question(10, 0, 0, first=0), _question(10, 0, 0, first=100)]
        picked = most_useful(questions, 20, lambda log_id: log_id in surprising)
        return sum(log_id < 100 for log_id in picked)

    assert asked(set(range(1, 40, 2))) > asked(set())


@pytest.mark.parametrize("strategy", ["active", "random"])
def test_a_number_of_lines_of_the_training_period(opened: Warehouse, strategy: str) -> None:
    found = label_some_from_column(opened, 40, strategy=strategy)
    assert found.labels == 40
    assert (
        opened.value(
            "SELECT count(DISTINCT log_id) FROM fame.labels INNER JOIN fame.log_periods "
            "USING (log_id) WHERE period <> 'later'"
        )
        == 40
    )
    chosen = opened.rows("SELECT log_id FROM fame.labels ORDER BY log_id")
    label_some_from_column(opened, 40, strategy=strategy)
    assert opened.rows("SELECT log_id FROM fame.labels ORDER BY log_id") == chosen


def test_an_active_choice_spreads_over_templates_first(opened: Warehouse) -> None:
    templates = opened.value("SELECT count(*) FROM fame.templates")
    label_some_from_column(opened, 60)
    asked = opened.value("SELECT count(DISTINCT template_id) FROM fame.labels")
    label_some_from_column(opened, 60, strategy="random")
    at_random = opened.value("SELECT count(DISTINCT template_id) FROM fame.labels")
    assert asked > at_random
    assert asked <= templates


def test_the_next_lines_are_unlabelled(opened: Warehouse, tmp_path: Path) -> None:
    label_some_from_column(opened, 30)
    judged = {row[0] for row in opened.rows("SELECT log_id FROM fame.labels")}
    assert export_lines(opened, tmp_path / "next.csv", next_lines=12) == 12
    with (tmp_path / "next.csv").open(newline="") as file:
        asked = {int(row["log_id"]) for row in csv.DictReader(file)}
    assert len(asked) == 12
    assert not asked & judged


def test_an_unknown_strategy_is_refused(opened: Warehouse) -> None:
    with pytest.raises(InputError, match="'best' is not a strategy"):
        label_some_from_column(opened, 5, strategy="best")
    with pytest.raises(InputError, match="lines to label is 0"):
        label_some_from_column(opened, 0)
