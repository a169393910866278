"""Models on a runtime without torch: training, conversion, scoring."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from runtimes import BLOCKER, ONNX, ONNX_FACTS
from warehouse_copy import copied_to

import fame_sql
from fame_sql import models
from fame_sql.cli import main
from fame_sql.errors import InputError, ModelError
from fame_sql.scoring.scoring import score_events
from fame_sql.students import (
    Student,
    StudentConfig,
    load_student,
)
from fame_sql.students.network.onnx_network import GRAPH
from fame_sql.students.runtime import Runtime
from fame_sql.training.conversion import convert
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.any_duckdb, pytest.mark.usefixtures("two_threads")]


@pytest.fixture(scope="module")
def on_onnx(compiled_with_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose champion runs on ONNX Runtime and has scored nothing; not to be changed."""
    path = copied_to(tmp_path_factory.mktemp("onnx"), compiled_with_encoder)
    with Warehouse.open(path) as warehouse:
        version = models.champion(warehouse).model_version
        convert(warehouse, version, ONNX, promote=True, author="me", reason="no torch there")
    return path


@pytest.fixture
def mine(on_onnx: Path, tmp_path: Path) -> Path:
    return copied_to(tmp_path, on_onnx)


def test_a_converted_model_is_another_one_with_the_same_verdicts(mine: Path) -> None:
    with Warehouse.open(mine) as warehouse:
        champion = models.champion(warehouse)
        [before] = [m for m in models.models(warehouse) if m != champion]
        assert champion.metrics["runtime"] == ONNX_FACTS
        promotion = models.promotions(warehouse, champion.model_version)[-1]
        assert (promotion["author"], promotion["reason"]) == ("me", "no torch there")
        assert score_events(warehouse).scored == warehouse.value("SELECT count(*) FROM fame.events")
        differ = warehouse.rows(
            "SELECT max(abs(a.score - b.score)), count(*) FILTER (a.domain <> b.domain) "
            "FROM fame.scores AS a INNER JOIN fame.scores AS b USING (event_id) "
            "WHERE a.model_version = ? AND b.model_version = ?",
            [champion.model_version, before.model_version],
        )
        assert differ[0][0] <= 1e-4 + 1e-9
        assert differ[0][1] == 0


def test_every_file_is_in_the_manifest_and_none_is_a_pickle(mine: Path) -> None:
    with Warehouse.open(mine) as warehouse:
        folder = models.champion(warehouse).folder
    listed = set(json.loads((folder / "manifest.json").read_text())["files"])
    names = {path.name for path in folder.iterdir()}
    assert names == {*listed, "manifest.json"}
    assert {Path(name).suffix for name in names} == {".safetensors", ".json", ".md", ".onnx"}


def test_a_graph_that_was_tampered_with_is_refused(mine: Path) -> None:
    with Warehouse.open(mine) as warehouse:
        graph = models.champion(warehouse).folder / GRAPH
        content = bytearray(graph.read_bytes())
        content[len(content) // 2] ^= 1
        graph.write_bytes(content)
        with pytest.raises(ModelError, match=r"student\.onnx is missing or does not match"):
            models.load_champion(warehouse)


@pytest.mark.slow
def test_training_keeps_the_runtime_of_the_champion(
    mine: Path, tiny_encoder: StudentConfig
) -> None:
    with Warehouse.open(mine) as warehouse:
        version = models.champion(warehouse).model_version
        [torch_version] = {m.model_version for m in models.models(warehouse)} - {version}
        report = train_students(warehouse, config=tiny_encoder)
        assert (report.trained, report.model_version) == (False, version)
        # The same labels, the same weights, the same graph: the same model.
        assert train_students(warehouse, config=tiny_encoder, again=True).model_version == version
        back = train_students(warehouse, config=tiny_encoder, runtime=Runtime())
        assert not back.trained
        champion = models.champion(warehouse)
        assert (back.model_version, champion.model_version) == (champion.model_version,) * 2
        assert models.load_champion(warehouse).student.runtime == Runtime()
        assert not (champion.folder / GRAPH).exists()
        # The weights and lines were never others, so it is the model that was trained.
        assert back.model_version == torch_version


@pytest.mark.slow
def test_what_has_changed_is_trained_and_kept_domains_keep_their_bits(
    mine: Path, tiny_encoder: StudentConfig
) -> None:
    with Warehouse.open(mine) as warehouse:
        score_events(warehouse)
        parent = models.load_champion(warehouse)
        domain = warehouse.value(
            "SELECT domain FROM fame.domains WHERE kind = 'mixed' ORDER BY domain"
        )
        warehouse.connection.execute(
            "UPDATE fame.labels SET is_anomaly = NOT is_anomaly WHERE log_id = "
            "(SELECT min(labels.log_id) FROM fame.labels AS labels INNER JOIN fame.logs AS logs "
            "ON labels.log_id = logs.log_id INNER JOIN fame.events AS events "
            "ON logs.event_id = events.event_id INNER JOIN fame.domain_templates AS members "
            "ON events.template_id = members.template_id WHERE members.domain = ?)",
            [domain],
        )
        report = train_students(warehouse, config=tiny_encoder)
        assert report.plan is not None
        assert report.plan.kept
        assert report.carried > 0
        child = models.load_champion(warehouse)
        assert child.student.runtime == ONNX
        texts = [text for (text,) in warehouse.rows("SELECT canonical FROM fame.events")]
        before = {v.template_id: v for v in parent.verdicts(texts) if v.domain in report.plan.kept}
        after = {v.template_id: v for v in child.verdicts(texts)}
        known = [key for key, verdict in before.items() if verdict.known_template]
        assert len(known) > 5
        assert all(before[key].score == after[key].score for key in known)


def test_a_model_on_this_runtime_already(mine: Path) -> None:
    with Warehouse.open(mine) as warehouse:
        version = models.champion(warehouse).model_version
        with pytest.raises(InputError, match=f"{version} runs on onnx in float32 already"):
            convert(warehouse, version, ONNX)


@pytest.mark.slow
def test_converting_on_the_command_line(copied_with_encoder: Path) -> None:
    run = CliRunner().invoke

    def ask(*arguments: str) -> Any:
        done = run(main, [*arguments, "--warehouse", str(copied_with_encoder), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    [trained] = ask("models", "list")
    command = ("models", "convert", trained["model_version"], "--runtime", "onnx")
    made = ask(*command)
    assert made["stage"] == "candidate"
    assert made["runtime"] == ONNX_FACTS
    assert ask(*command)["model_version"] == made["model_version"]
    stages = {model["model_version"]: model["stage"] for model in ask("models", "list")}
    assert stages == {trained["model_version"]: "champion", made["model_version"]: "candidate"}
    assert (
        ask(*command, "--promote", "--author", "me", "--reason", "no torch")["stage"] == "champion"
    )
    assert ask(*command)["stage"] == "champion"
    back = ask("models", "convert", made["model_version"], "--runtime", "torch")
    assert (back["model_version"], back["stage"]) == (trained["model_version"], "archived")
    with Warehouse.open(copied_with_encoder) as warehouse:
        models.load_published(warehouse, back["model_version"])
        models.load_champion(warehouse)
    refused = run(main, ["train", "--runtime", "onnx", "--precision", "bfloat16"])
    assert refused.exit_code != 0


# ---- without torch


def without_torch(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKER + code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_scoring_and_asking_need_no_torch(mine: Path, tmp_path: Path) -> None:
    code = """
import json, fame_sql
from pathlib import Path
from click.testing import CliRunner
from fame_sql.cli import main
path, body = sys.argv[1], "an error that nobody has seen, status 503"
def ask(*arguments):
    done = CliRunner().invoke(main, [*arguments, "--warehouse", path, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
scored = ask("score")["scored"]
[queried] = ask("query", f"SELECT fame_score('{body}') AS score")
with fame_sql.connect(path) as connection:
    [[live]] = connection.sql(f"SELECT fame_score('{body}')").fetchall()
    [[stored]] = connection.sql("SELECT count(score) FROM scored_logs").fetchall()
    [[explained]] = connection.sql(f"SELECT fame_explain('{body}').log_odds").fetchall()
ask("policy", "set", "--max-false-alarms", "1000")
with fame_sql.connect(path) as connection:
    [[aimed]] = connection.sql("SELECT model_version FROM fame.champion").fetchall()
assert not {"torch", "transformers"} & set(sys.modules)
print(json.dumps([scored, queried["score"], live, stored, explained, aimed]))
"""
    done = without_torch(code, str(mine))
    assert done.returncode == 0, done.stderr
    scored, queried, live, stored, explained, aimed = json.loads(done.stdout)
    assert scored > 50
    assert stored > scored
    assert queried == live
    assert 0 <= live <= 1
    assert explained is not None
    with Warehouse.open(mine) as warehouse:
        made = {model.model_version: model for model in models.models(warehouse)}
        assert aimed in made
        assert (made[aimed].folder / GRAPH).exists()
        [first] = [m for v, m in made.items() if v != aimed and m.metrics["runtime"] == ONNX_FACTS]
        text = "an error that nobody has seen, status 5##"
        assert models.load(first.folder).verdicts([text])[0].score == live


@pytest.mark.slow
def test_what_needs_torch_says_so(in_torch: Student, in_onnx: Student, tmp_path: Path) -> None:
    in_onnx.save(tmp_path / "onnx")
    in_torch.save(tmp_path / "torch")
    code = """
from pathlib import Path
from fame_sql.console import SilentProgress
from fame_sql.errors import ModelError
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig, load_student, train
from fame_sql.students.runtime import Runtime
exported = load_student(Path(sys.argv[1]))
examples = LabelledEvents(["a"], [0.0], [0], [1.0], [False])
domains = [DomainSpec("only", "mixed")]
for attempt in (
    lambda: load_student(Path(sys.argv[2])),
    lambda: exported.vectors(["a"]),
    lambda: exported.on(Runtime(), []),
    lambda: train(examples, ["a"], domains, StudentConfig(preset="compact"), [], SilentProgress()),
):
    try:
        attempt()
    except ModelError as error:
        print(error)
"""
    done = without_torch(code, str(tmp_path / "onnx"), str(tmp_path / "torch"))
    assert done.returncode == 0, done.stderr
    errors = done.stdout.splitlines()
    assert len(errors) == 4
    advice = "torch is not installed: run \"pip install 'fame-sql[encoders]'\""
    assert all(advice in error for error in errors)
    assert "fame models convert VERSION --runtime onnx" in errors[0]


@pytest.mark.parametrize("package", ["onnxruntime", "onnx"])
def test_a_package_that_is_missing_is_named(
    in_torch: Student,
    in_onnx: Student,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
) -> None:
    in_onnx.save(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModelError, match=r"pip install 'fame-sql\[onnx\]'"):
        in_torch.on(ONNX, []) if package == "onnx" else load_student(tmp_path)


def test_only_the_extra_for_encoders_brings_torch() -> None:
    root = Path(fame_sql.__file__).parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    brings = {"": project["dependencies"], **extras}
    names = {extra: {re.split("[<>=]", each)[0] for each in brings[extra]} for extra in brings}
    assert [extra for extra in names if "torch" in names[extra]] == ["encoders"]
    assert {"onnxruntime", "tokenizers"} <= names["onnx"]
