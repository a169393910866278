from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner
from warehouse_copy import copied_to

import fame_sql
from fame_sql.cli import main
from fame_sql.domains.domains import certify_grouping, read_grouping
from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.labels.by_people.exchange import import_labels
from fame_sql.models import champion, check, load, load_champion, promote
from fame_sql.models.model import Model
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.scoring.policy import store_target
from fame_sql.students import StudentConfig
from fame_sql.templates.mining import mine
from fame_sql.training.context import read_context
from fame_sql.training.plan import TrainingPlan, carry_scores, plan_training
from fame_sql.training.training import TrainingReport
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

VERDICTS = (
    "SELECT * EXCLUDE (model_version, scored_at) FROM fame.scores WHERE model_version = ? "
    "AND known_template AND list_contains(?, domain) ORDER BY event_id"
)
"""All of a stored verdict but the model that gives it."""

CIRCUITS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]


def more_lines(part: str) -> list[str]:
    """Lines of a kind that the simulated log does not have, of both classes."""
    return [
        f"{alert} {1132800000 + number} 2005.11.24 R{number} 2005-11-24-10.00.0{number}.000000 "
        f"R{number} RAS COOLING {severity} coolant {part} {text} in circuit {circuit}"
        for number, circuit in enumerate(CIRCUITS)
        for alert, severity, text in [
            ("-", "INFO", "spins at regular speed"),
            ("PUMP", "FATAL", "seized and lost all pressure"),
        ]
    ]


def add(warehouse: Warehouse, part: str = "pump") -> None:
    """Read lines of a new kind, mine their templates, and have a person judge them."""
    assert warehouse.path is not None
    log = warehouse.path.with_name(f"{part}.log")
    log.write_text("".join(f"{line}\n" for line in more_lines(part)))
    ingest_file(warehouse, log, format="bgl")
    mine(warehouse, fraction=1.0)
    judge(warehouse, f"logs.source_path LIKE '%{part}.log'", "label <> '-'")


def judge(warehouse: Warehouse, which: str, is_anomaly: str) -> None:
    warehouse.connection.execute(
        "CREATE OR REPLACE TABLE judged AS SELECT logs.log_id, "
        f"if({is_anomaly}, 'anomalous', 'normal') AS label FROM fame.logs AS logs WHERE {which}"
    )
    import_labels(warehouse, "judged")


def recompile(warehouse: Warehouse, config: StudentConfig) -> TrainingReport:
    told: dict[str, object] = {}
    compile_model(warehouse, config=config, on_stage=told.__setitem__)
    report = told["train"]
    assert isinstance(report, TrainingReport)
    return report


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that a model judges."""
    return count_judged(monkeypatch)


def count_judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    judged: list[str] = []
    real = Model.verdicts

    def verdicts(model: Model, canonical: list[str]) -> object:
        judged.extend(canonical)
        return real(model, canonical)

    monkeypatch.setattr(Model, "verdicts", verdicts)
    return judged


@dataclass(frozen=True)
class Recompiled:
    """A warehouse that was compiled, got new templates, and was compiled again."""

    path: Path
    parent: str
    report: TrainingReport
    plan: TrainingPlan
    judged: list[str]


@pytest.fixture(scope="module")
def recompiled(
    compiled: Path, tmp_path_factory: pytest.TempPathFactory, tiny: StudentConfig
) -> Recompiled:
    """Made once; not to be changed."""
    path = copied_to(tmp_path_factory.mktemp("recompiled"), compiled)
    with Warehouse.open(path) as warehouse, pytest.MonkeyPatch.context() as patch:
        parent = champion(warehouse).model_version
        add(warehouse)
        judged = count_judged(patch)
        report = recompile(warehouse, tiny)
    assert report.plan is not None
    return Recompiled(path, parent, report, report.plan, judged)


@pytest.mark.slow
def test_only_what_has_changed_is_trained_and_all_else_keeps_its_scores(
    recompiled: Recompiled,
) -> None:
    plan, report = recompiled.plan, recompiled.report
    assert plan.parent == recompiled.parent != report.model_version
    assert plan.kept
    assert plan.retrained
    kept = [list(plan.kept)]
    with Warehouse.open(recompiled.path, read_only=True) as warehouse:
        stored = warehouse.rows(VERDICTS, [recompiled.parent, *kept])
        assert len(stored) == report.carried > 500
        assert set(stored) <= set(warehouse.rows(VERDICTS, [report.model_version, *kept]))
        taken = {
            row[0]
            for row in warehouse.rows(
                "SELECT canonical FROM fame.events WHERE list_contains(?, event_id)",
                [[row[0] for row in stored]],
            )
        }
        assert not taken & set(recompiled.judged)
        events = {row[0] for row in warehouse.rows("SELECT canonical FROM fame.events")}
        assert taken | set(recompiled.judged) == events
        # The first one is judged twice: before time is measured, to have the student in memory.
        assert len(recompiled.judged) <= len(set(recompiled.judged)) + 1
        before = load(warehouse.models_folder / recompiled.parent)
        after = load_champion(warehouse)

    texts = sorted(taken)
    columns = [before.domains.index(name) for name in plan.kept]
    new_columns = [after.domains.index(name) for name in plan.kept]
    old, new = before.student.predict(texts), after.student.predict(texts)
    assert (old.scores[:, columns] == new.scores[:, new_columns]).all()
    was, now = (
        [replace(verdict, model_version="") for verdict in model.verdicts(texts)]
        for model in (before, after)
    )
    assert was == now


@pytest.mark.slow
def test_live_functions_keep_the_verdicts_that_stay(recompiled: Recompiled) -> None:
    with Warehouse.open(recompiled.path, read_only=True) as warehouse:
        new = champion(warehouse).folder
        old = new.with_name(recompiled.parent)
        stored = warehouse.records(
            f"SELECT example, stored.* EXCLUDE (event_id) FROM ({VERDICTS}) AS stored "
            "INNER JOIN fame.events AS events ON events.event_id = stored.event_id "
            # Where values decide, a message has another verdict than its event.
            "WHERE stored.template_id NOT IN (SELECT template_id FROM fame.value_weights) "
            "ORDER BY stored.event_id LIMIT 200",
            [recompiled.parent, list(recompiled.plan.kept)],
        )
    assert len(stored) == 200
    for folder in (old, new):
        connection = duckdb.connect()
        fame_sql.register(connection, model=folder)
        connection.register("stored", pa.Table.from_pylist(stored))
        live = connection.execute("SELECT fame_verdict(example) FROM stored").fetchall()
        for row, (verdict,) in zip(stored, live, strict=True):
            assert {name: verdict[name] for name in row if name != "example"} == {
                name: value for name, value in row.items() if name != "example"
            }
            assert verdict["known_template"]
        connection.close()


def test_scores_are_kept_of_events_that_are_still_of_their_template(opened: Warehouse) -> None:
    parent = champion(opened).model_version
    domains = [row[0] for row in opened.rows("SELECT domain FROM fame.domains")]
    known = [row[0] for row in opened.rows(VERDICTS, [parent, domains])]
    opened.connection.execute(
        "UPDATE fame.events SET template_id = (SELECT max(template_id) FROM fame.templates "
        "WHERE template_id <> events.template_id) WHERE event_id = ?",
        known[:1],
    )
    carried = carry_scores(opened, TrainingPlan(parent, (), tuple(domains), 0, ""), "made")
    kept = [row[0] for row in opened.rows(VERDICTS, ["made", domains])]
    assert kept == known[1:]
    assert carried == len(kept)


def test_what_is_new_is_learned_and_routed(recompiled: Recompiled) -> None:
    with Warehouse.open(recompiled.path, read_only=True) as warehouse:
        rows = warehouse.rows(
            "SELECT logs.label <> '-', verdicts.is_anomaly, verdicts.known_template, "
            "verdicts.domain FROM fame.logs AS logs INNER JOIN fame.verdicts AS verdicts "
            "ON logs.event_id = verdicts.event_id WHERE logs.source_path LIKE '%pump.log'"
        )
        model = load_champion(warehouse)
    assert len(rows) == 12
    assert all(truth == found and known for truth, found, known, _ in rows)
    home = {domain for *_, domain in rows}
    assert home <= set(recompiled.plan.retrained)
    unseen = model.verdicts(
        ["a coolant pump seized and all pressure was lost", "coolant pump spins well at speed"]
    )
    assert not any(verdict.known_template for verdict in unseen)
    assert {verdict.domain for verdict in unseen} <= home
    assert [verdict.is_anomaly for verdict in unseen] == [True, False]


@pytest.mark.slow
def test_a_new_model_names_its_parent(recompiled: Recompiled) -> None:
    parent, report = recompiled.parent, recompiled.report
    with Warehouse.open(recompiled.path, read_only=True) as warehouse:
        record = champion(warehouse)
        reasons = warehouse.rows("SELECT reason FROM fame.promotions ORDER BY promoted_at")
    assert check(record.folder)["parent"] == parent
    assert f"Derived from model {parent}" in (record.folder / "README.md").read_text()
    assert record.metrics["training"]["parent"] == parent
    assert reasons[-1] == (f"trained what had changed since {parent}",)
    assert f"kept from model {parent}" in report.summary()
    assert "everything trained" not in report.summary()


@pytest.mark.slow
def test_the_same_change_gives_the_same_model_and_a_rerun_nothing(
    recompiled: Recompiled, opened: Warehouse, tiny: StudentConfig, counted: list[str]
) -> None:
    add(opened)
    assert recompile(opened, tiny).model_version == recompiled.report.model_version
    counted.clear()
    assert not recompile(opened, tiny).trained
    assert not counted


@pytest.mark.slow
def test_a_recompile_of_a_recompile_and_the_way_back(
    recompiled: Recompiled, tmp_path: Path, tiny: StudentConfig
) -> None:
    with Warehouse.open(copied_to(tmp_path, recompiled.path)) as warehouse:
        domain, line = warehouse.rows(
            "SELECT members.domain, min(labels.log_id) FROM fame.labels AS labels "
            "INNER JOIN fame.events AS events ON labels.event_id = events.event_id "
            "INNER JOIN fame.domain_templates AS members "
            "ON events.template_id = members.template_id "
            "INNER JOIN fame.domains AS domains ON members.domain = domains.domain "
            "WHERE domains.kind = 'mixed' AND list_contains(?, members.domain) "
            "AND NOT labels.is_anomaly GROUP BY ALL ORDER BY ALL LIMIT 1",
            [list(recompiled.plan.kept)],
        )[0]
        # A person overrules one label of another domain, and no template moves.
        judge(warehouse, f"logs.log_id = {line}", "true")
        report = recompile(warehouse, tiny)
        assert report.plan is not None
        assert report.plan.parent == recompiled.report.model_version
        assert report.plan.retrained == (domain,)
        assert report.plan.moved == recompiled.plan.moved
        kept = [list(set(report.plan.kept) & set(recompiled.plan.kept))]
        stored = warehouse.rows(VERDICTS, [recompiled.parent, *kept])
        assert stored
        assert set(stored) <= set(warehouse.rows(VERDICTS, [report.model_version, *kept]))
        generations = load_champion(warehouse).student.generations
        assert generations is not None
        assert len(generations.widths) == 3

        older = promote(warehouse, recompiled.parent, reason="back")
        assert older.model_version == recompiled.parent
        assert set(stored) == set(warehouse.rows(VERDICTS, [recompiled.parent, *kept]))
        assert load_champion(warehouse).verdicts(["a b"])[0].model_version == recompiled.parent
        back = recompile(warehouse, tiny)
        assert back.plan is not None
        assert back.plan.parent == recompiled.parent


def merge_domains(warehouse: Warehouse) -> None:
    """Put the templates of three domains into another one."""
    rows = warehouse.rows("SELECT domain FROM fame.domains ORDER BY ordinal LIMIT 4")
    names = [row[0] for row in rows]
    warehouse.connection.execute(
        "UPDATE fame.domain_templates SET domain = ? WHERE list_contains(?, domain)",
        [names[0], names[1:]],
    )


def overrule_every_label(warehouse: Warehouse) -> None:
    warehouse.connection.execute("UPDATE fame.labels SET is_anomaly = NOT is_anomaly")


def spoil_folder(warehouse: Warehouse) -> None:
    (champion(warehouse).folder / "student.json").write_text("{}")


def hold_nothing_out(warehouse: Warehouse) -> None:
    """Have a champion with a target that it was not trained for, nor can be measured by."""
    store_target(warehouse, 500.0)
    metrics = champion(warehouse).metrics
    metrics["max_false_alarms"], metrics["held_out_events"]["known"] = 500.0, 0
    warehouse.connection.execute("UPDATE fame.models SET metrics = ?", [json.dumps(metrics)])


def by_statement(statement: str) -> Callable[[Warehouse], object]:
    return lambda warehouse: warehouse.connection.execute(statement)


FULL = {
    "the settings of the students have changed": lambda warehouse: None,
    "the masks have changed": by_statement(
        "UPDATE fame.masks SET placeholder = '<x>' WHERE ordinal = 1"
    ),
    "an older fame-sql made the champion": by_statement("UPDATE fame.models SET metrics = '{}'"),
    "there was no model": by_statement("UPDATE fame.models SET stage = 'archived'"),
    "the champion's folder cannot be used": spoil_folder,
    "more than 25%": merge_domains,
    "every domain has changed": overrule_every_label,
    "the target of false alarms has changed": lambda warehouse: store_target(warehouse, 500.0),
    "no held-out events show": hold_nothing_out,
}
"""What is said when everything is trained, and what leads to it."""


@pytest.mark.parametrize("why", FULL)
def test_when_everything_is_trained(opened: Warehouse, tiny: StudentConfig, why: str) -> None:
    FULL[why](opened)
    config = replace(tiny, seed=9) if "settings" in why else tiny
    plan = plan_training(read_context(opened, config))
    assert why in plan.why
    assert plan.is_full
    assert not plan.kept


def test_everything_is_trained_when_asked_for(opened: Warehouse, tiny: StudentConfig) -> None:
    context = read_context(opened, tiny)
    assert not plan_training(context).is_full
    assert plan_training(context, full=True).why == "as was asked for"


@pytest.mark.slow
def test_full_is_a_flag_and_the_output_says_what_was_done(
    copied: Path, tiny: StudentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fame_sql.training.context.StudentConfig", lambda: tiny)
    with Warehouse.open(copied) as warehouse:
        add(warehouse)
    words = ["compile", "--warehouse", str(copied)]
    runner = CliRunner()
    shown = runner.invoke(main, words)
    assert shown.exit_code == 0, shown.output
    assert "domains have changed: trained" in shown.output
    assert "scores kept from model" in shown.output
    assert "nothing has changed" in runner.invoke(main, words).output
    assert "everything trained" in runner.invoke(main, [*words, "--full"]).output


_CUT = """
import os, sys
import fame_sql.models, fame_sql.scoring.scoring, fame_sql.training.training
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.students import StudentConfig
from fame_sql.warehouse.warehouse import Warehouse
where = sys.argv[2]
module, name = where.rsplit(".", 1)
setattr(sys.modules[module], name, lambda *a, **k: os._exit(9))
with Warehouse.open(sys.argv[1]) as warehouse:
    compile_model(warehouse, config=StudentConfig(**eval(sys.argv[3])))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    [
        "fame_sql.models.publish",
        "fame_sql.scoring.scoring.store_verdicts",
    ],
)
def test_killed_in_the_middle_it_goes_on(copied: Path, tiny: StudentConfig, where: str) -> None:
    with Warehouse.open(copied) as warehouse:
        first = champion(warehouse).model_version
        add(warehouse)
    words = [sys.executable, "-c", _CUT, str(copied), where, repr(asdict(tiny))]
    assert subprocess.run(words, check=False, env=dict(os.environ)).returncode == 9
    with Warehouse.open(copied) as warehouse:
        report = recompile(warehouse, tiny)
        version = champion(warehouse).model_version
        assert check(champion(warehouse).folder)["parent"] == first
        assert warehouse.value(
            "SELECT count(*) FROM fame.scores WHERE model_version = ?", [version]
        ) == warehouse.value("SELECT count(*) FROM fame.events")
        assert report.model_version == version


def test_a_domain_that_is_neither_changed_nor_there_is_refused(opened: Warehouse) -> None:
    import numpy as np

    from fame_sql.console import SilentProgress
    from fame_sql.students import DomainSpec, LabelledEvents, retrain

    nothing = LabelledEvents(["a"], np.zeros(1), np.zeros(1, int), np.ones(1), np.zeros(1, bool))
    student = load_champion(opened).student
    with pytest.raises(InputError, match="nosuch"):
        retrain(student, nothing, [DomainSpec("nosuch", "mixed")], [], SilentProgress())


def spaces(warehouse: Warehouse) -> set[str]:
    """Return which space each domain's coherence was measured in."""
    rows = warehouse.rows("SELECT detail FROM fame.certificates WHERE rule = 'coherence'")
    return {detail.rsplit(", by ", 1)[1] for (detail,) in rows}


def test_coherence_is_measured_by_the_encoder_once_there_is_one(
    opened_with_encoder: Warehouse,
) -> None:
    opened = opened_with_encoder
    assert spaces(opened) == {"TF-IDF"}
    certify_grouping(opened, read_grouping(opened))
    assert spaces(opened) == {"the champion's encoder"}
    (champion(opened).folder / "student.json").write_text("{}")
    certify_grouping(opened, read_grouping(opened))
    assert spaces(opened) == {"TF-IDF"}
