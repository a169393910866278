from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from older_model import replace_champion

from fame_sql import models
from fame_sql.cli import main
from fame_sql.errors import InputError, ModelError
from fame_sql.scoring.comparison import compare, score_missing
from fame_sql.students import StudentConfig
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["models", *words, "--warehouse", str(path)])


def test_missing_verdicts_are_scored_and_counted(two_models: tuple[Path, str, str]) -> None:
    path, old, new = two_models
    with Warehouse.open(path) as warehouse:
        events = warehouse.value("SELECT count(*) FROM fame.events")
        before = compare(warehouse, old, new)
        assert before.unscored == (0, events)
        assert before.totals["events"] == 0
        assert before.changed == ()
        score_missing(warehouse, new, old)
        assert models.champion(warehouse).model_version == new
        found = compare(warehouse, old[:6], new[:6])
        rows = {
            version: {
                row[0]: row[1:]
                for row in warehouse.rows(
                    "SELECT s.event_id, score, domain, lines, canonical FROM fame.scores AS s "
                    "JOIN fame.events AS e USING (event_id) WHERE model_version = ?",
                    [version],
                )
            }
            for version in (old, new)
        }
    assert found.unscored == (0, 0)
    pairs = [(rows[old][event], rows[new][event]) for event in rows[old]]
    assert len(pairs) == events == found.totals["events"]
    changed = [(a, b) for a, b in pairs if (a[0] > 0.5) != (b[0] > 0.5)]
    assert changed
    assert found.totals["changed_events"] == len(changed)
    assert found.totals["changed_lines"] == sum(a[2] for a, _ in changed)
    assert found.totals["newly_anomalous_events"] == sum(b[0] > 0.5 for _, b in changed)
    assert found.totals["newly_normal_events"] == sum(b[0] <= 0.5 for _, b in changed)
    assert found.totals["other_domain_events"] == sum(a[1] != b[1] for a, b in pairs)
    differences = [abs(a[0] - b[0]) for a, b in pairs]
    assert found.totals["largest_difference"] == pytest.approx(max(differences))
    assert found.totals["mean_difference"] == pytest.approx(sum(differences) / len(pairs))
    by_lines = sum(a[2] * abs(a[0] - b[0]) for a, b in pairs) / sum(a[2] for a, _ in pairs)
    assert found.totals["mean_difference_by_lines"] == pytest.approx(by_lines)
    in_domain = Counter(b[1] for _, b in changed)
    assert {
        row["domain"]: row["changed_events"] for row in found.by_domain if row["changed_events"]
    } == in_domain
    assert sum(row["lines"] for row in found.by_domain) == found.totals["lines"]
    lines = [row["lines"] for row in found.changed]
    assert lines == sorted(lines, reverse=True)
    assert {row["canonical"] for row in found.changed} <= {a[3] for a, _ in changed}
    assert all((r["first_score"] > 0.5) != (r["second_score"] > 0.5) for r in found.changed)


def test_the_facts_of_both(two_models: tuple[Path, str, str]) -> None:
    path, old, new = two_models
    with Warehouse.open(path, read_only=True) as warehouse:
        found = compare(warehouse, old, new, top=0)
        metrics = {m.model_version: m.metrics for m in models.models(warehouse)}
    facts = {fact.name: (fact.first, fact.second) for fact in found.facts}
    assert facts["stage"] == ("archived", "champion")
    settings = {name: value for name, value in facts.items() if name.startswith("setting: ")}
    assert settings == {"setting: seed": (0, 3), "setting: calibration_events": (10, 10**6)}
    for part in ("known", "unseen"):
        assert facts[f"held-out {part}: recall"] == tuple(
            metrics[version]["held_out"][part]["recall"] for version in (old, new)
        )
    assert found.domains == ()
    assert found.changed == ()


@pytest.mark.slow
def test_an_older_model_is_compared_by_the_facts_it_has(
    copied_with_encoder: Path, tiny_encoder: StudentConfig
) -> None:
    copied, tiny = copied_with_encoder, tiny_encoder
    with Warehouse.open(copied) as warehouse:
        old = replace_champion(warehouse)
        new = train_students(warehouse, config=tiny, again=True).model_version
    report = json.loads(run(copied, "compare", old, new, "--json").stdout)
    facts = {fact["name"]: (fact["first"], fact["second"]) for fact in report["facts"]}
    assert facts["held-out known: recall"][0] is None
    assert facts["held-out known: recall"][1] is not None
    # The same training in another format: only the version of the model differs.
    assert report["totals"]["changed_events"] == report["totals"]["largest_difference"] == 0


@pytest.mark.slow
def test_the_command(two_models: tuple[Path, str, str]) -> None:
    path, old, new = two_models
    stored = run(path, "compare", old, new, "--stored")
    assert stored.exit_code == 0
    assert f"have no score from {new}" in stored.stdout
    shown = run(path, "compare", old, new)
    assert shown.exit_code == 0, shown.output
    assert "setting: seed" in shown.stdout
    assert "have no score" not in shown.stdout
    report = json.loads(run(path, "compare", old, new, "--json", "--top", "1").stdout)
    assert len(report["changed"]) == 1 < report["totals"]["changed_events"]
    assert report["unscored"] == [0, 0]
    rows = list(csv.DictReader(io.StringIO(run(path, "compare", old, new, "--csv").stdout)))
    assert [float(row["first_score"]) for row in rows[:1]] == [
        row["first_score"] for row in report["changed"]
    ]
    assert [row["canonical"] for row in rows[:1]] == [row["canonical"] for row in report["changed"]]


def test_texts_of_the_log_are_escaped_for_the_terminal(
    two_models: tuple[Path, str, str],
) -> None:
    path, old, new = two_models
    with Warehouse.open(path) as warehouse:
        score_missing(warehouse, old, new)
        changed = compare(warehouse, old, new, top=1).changed[0]["event_hash"]
        warehouse.connection.execute(
            "UPDATE fame.events SET canonical = ? WHERE event_hash = ?",
            ["\x1b[2Jgone\nand\u202ereversed", changed],
        )
    shown = run(path, "compare", old, new).stdout
    assert r"\x1b[2Jgone\nand\u202ereversed" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(("other", "exit_code"), [("", 2), ("nosuch", 1)])
def test_unknown_versions_are_refused(
    two_models: tuple[Path, str, str], other: str, exit_code: int
) -> None:
    path, old, new = two_models
    with (
        Warehouse.open(path, read_only=True) as warehouse,
        pytest.raises(ModelError, match=f"published models: {new}, {old}"),
    ):
        compare(warehouse, old, other)
    result = run(path, "compare", other, new)
    assert result.exit_code == exit_code
    assert "Error: " in result.stderr.splitlines()[-1]


def test_a_model_is_not_compared_with_itself(two_models: tuple[Path, str, str]) -> None:
    path, old, _ = two_models
    with Warehouse.open(path, read_only=True) as warehouse:
        with pytest.raises(InputError, match="are the same model"):
            compare(warehouse, old, old[:7])
        with pytest.raises(InputError, match="give 0 or more"):
            compare(warehouse, old, "x", top=-1)


def test_a_changed_model_scores_nothing(two_models: tuple[Path, str, str]) -> None:
    path, old, new = two_models
    with Warehouse.open(path) as warehouse:
        (warehouse.models_folder / new / "metrics.json").write_text("{}")
        with pytest.raises(
            ModelError, match=r"metrics.json is missing or does not match the manifest"
        ):
            score_missing(warehouse, old, new)
        scored = "SELECT count(*) FROM fame.scores WHERE model_version = ?"
        assert warehouse.value(scored, [new]) == 0
