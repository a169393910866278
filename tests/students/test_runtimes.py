"""Running a student without torch: the exported graph, and models that are made of one."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse_copy import copied_to

import fame_sql
from fame_sql import models
from fame_sql.cli import main
from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, ModelError
from fame_sql.scoring.scoring import score_events
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Student,
    StudentConfig,
    load_student,
    train,
)
from fame_sql.students.network import encoder
from fame_sql.students.network import onnx_export as exporting
from fame_sql.students.network.inference import infer
from fame_sql.students.network.onnx_network import GRAPH
from fame_sql.students.network.runtimes import TorchEngine, in_bfloat16
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.runtime import Runtime
from fame_sql.training.conversion import convert
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ONNX = Runtime("onnx")
ONNX_FACTS = {"name": "onnx", "precision": "float32"}
DOCUMENT = "docs/how-to/inference.md"
TINY = StudentConfig(
    preset="compact", hidden=32, layers=2, heads=2, vocab=400, max_tokens=32, min_steps=20
)
DOMAINS = [DomainSpec("memory", "mixed"), DomainSpec("net", "normal"), DomainSpec("jobs", "mixed")]
WORDS = ["parity", "error", "corrected", "socket", "<id>", "timeout", "link", "job", "9#%", "ecc"]

# torch and transformers cannot be imported after this has run.
BLOCKER = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
"""


def some_texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    texts = ["", " ", "[PAD]", "<id>", "中文" * 60, "\x00", "x" * 5000, "link " * 200]
    while len(texts) < count:
        texts.append(" ".join(draw.choices(WORDS, k=draw.randrange(1, 45))))
    return texts


@pytest.fixture(scope="module", autouse=True)
def two_threads() -> Iterator[None]:
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "2"
    yield
    os.environ.pop("OMP_NUM_THREADS")
    if before is not None:
        os.environ["OMP_NUM_THREADS"] = before


@pytest.fixture(scope="module")
def in_torch() -> Student:
    draw = random.Random(0)
    texts = [" ".join(draw.choices(WORDS, k=6)) for _ in range(60)]
    faulty = np.array([float("error" in text) for text in texts])
    domain = np.array([draw.randrange(3) for _ in texts])
    examples = LabelledEvents(
        texts, faulty * (domain != 1), domain, np.ones(60), np.arange(60) % 4 == 0
    )
    return train(examples, texts, DOMAINS, TINY, ["<id>"], SilentProgress())


@pytest.fixture(scope="module")
def in_onnx(in_torch: Student) -> Student:
    return in_torch.on(ONNX, some_texts(1, 40))


def rows(student: Student, texts: list[str]) -> list[bytes]:
    told = student.predict(texts)
    both = np.concatenate([told.router, told.scores, told.unseen[:, None]], axis=1)
    return [row.tobytes() for row in np.ascontiguousarray(both)]


# ---- the exported graph


@pytest.mark.slow
def test_it_says_what_torch_says(in_torch: Student, in_onnx: Student) -> None:
    texts = some_texts(2, 300)
    ours, theirs = in_torch.predict(texts), in_onnx.predict(texts)
    assert np.abs(ours.scores - theirs.scores).max() < 1e-6
    assert np.abs(ours.router - theirs.router).max() < 1e-6
    assert ours.router.std() > 1e-3  # there is something to differ in
    assert (ours.unseen == theirs.unseen).all()


def test_a_row_does_not_depend_on_batch_or_order(in_onnx: Student) -> None:
    texts = some_texts(3, 150)
    expected = dict(zip(texts, rows(in_onnx, texts), strict=True))
    draw = random.Random(4)
    for _ in range(40):
        some = draw.choices(texts, k=draw.randrange(1, 40))
        assert rows(in_onnx, some) == [expected[text] for text in some]


@pytest.mark.slow
def test_a_row_is_the_same_over_thousands_of_shuffles(in_onnx: Student) -> None:
    """Short texts, few at a time, so that thousands take seconds."""
    texts = ["", *WORDS, *(f"{one} {other}" for one, other in pairwise(WORDS))]
    expected = dict(zip(texts, rows(in_onnx, texts), strict=True))
    draw, neighbours = random.Random(13), set()
    for _ in range(2000):
        some = draw.sample(texts, k=draw.randrange(2, 5))
        assert rows(in_onnx, some) == [expected[text] for text in some]
        neighbours.add(tuple(some))
    assert len(neighbours) > 1500


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=20), st.randoms())
def test_any_text_has_a_row_of_its_own(
    in_onnx: Student, texts: list[str], draw: random.Random
) -> None:
    alone = [rows(in_onnx, [text])[0] for text in texts]
    order = draw.sample(range(len(texts)), k=len(texts))
    assert rows(in_onnx, [texts[i] for i in order]) == [alone[i] for i in order]


@pytest.mark.slow
@pytest.mark.parametrize("threads", ["1", "2", "5", "not a number"])
def test_a_row_does_not_depend_on_threads(
    in_onnx: Student, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    texts = some_texts(5, 120)
    expected = rows(in_onnx, texts)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: rows(in_onnx, texts), range(8))) == [expected] * 8


def test_no_texts_give_no_rows(in_onnx: Student) -> None:
    told = in_onnx.predict([])
    assert told.router.shape == told.scores.shape == (0, 3)


def test_exporting_changes_nothing_and_gives_the_same_graph_again(
    in_torch: Student, in_onnx: Student, tmp_path: Path
) -> None:
    texts = some_texts(6, 30)
    before = rows(in_torch, texts)
    again = in_torch.on(ONNX, texts)
    assert rows(in_torch, texts) == before
    assert not in_torch.network.training
    in_onnx.save(tmp_path / "once")
    again.save(tmp_path / "again")
    assert (tmp_path / "once" / GRAPH).read_bytes() == (tmp_path / "again" / GRAPH).read_bytes()
    assert in_onnx.on(ONNX, texts) is in_onnx


def test_the_graph_holds_its_weights_and_no_path_of_this_machine(
    in_onnx: Student, tmp_path: Path
) -> None:
    import onnx

    in_onnx.save(tmp_path)
    graph = onnx.load(str(tmp_path / GRAPH), load_external_data=False).graph
    assert len(graph.initializer) > 10
    external = onnx.TensorProto.EXTERNAL
    assert all(tensor.data_location != external for tensor in graph.initializer)
    content = (tmp_path / GRAPH).read_bytes()
    assert str(Path(fame_sql.__file__).parents[1]).encode() not in content
    assert b"site-packages" not in content


def test_a_graph_that_says_something_else_is_refused(
    in_torch: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    traced = exporting._traced

    def other(network: Any) -> bytes:
        with torch.no_grad():
            network["router"].bias += 1e-3
        graph = traced(network)
        with torch.no_grad():
            network["router"].bias -= 1e-3
        return graph

    monkeypatch.setattr(exporting, "_traced", other)
    with pytest.raises(ModelError, match=r"differs from torch by 0\.001 in a logit"):
        in_torch.on(ONNX, [])


SMALL = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
SHAPES = {
    **{kind: {"model_type": kind, **SMALL} for kind in ("bert", "roberta", "mpnet", "electra")},
    "distilbert": {
        "model_type": "distilbert",
        **{"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
        "max_position_embeddings": 40,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("router", "experts"),
    [("bert", None), ("roberta", None), ("mpnet", None), ("electra", None), ("distilbert", "bert")],
)
def test_pretrained_encoders_and_separate_ones_are_exported(
    router: str, experts: str | None
) -> None:
    import torch

    stated = {"router": SHAPES[router]} | ({"experts": SHAPES[experts]} if experts else {})
    draw = np.random.default_rng(0)
    tokens = [draw.integers(3, 99, size=n).tolist() for n in range(1, 33)] * 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = encoder.rebuild(stated, 3, 2).eval()
    engine = exporting.export_graph(network, tokens, 32)
    assert engine.widths == (3, 3)
    found = engine.logits(tokens)
    assert found[1].std(axis=0).min() > 1e-4  # every expert tells texts apart
    for some in draw.permutation(len(tokens)).reshape(8, 8):
        for ours, theirs in zip(engine.logits([tokens[i] for i in some]), found, strict=True):
            assert ours.tobytes() == theirs[some].tobytes()


# ---- saving and loading


def test_a_loaded_one_gives_the_same_bits(in_onnx: Student, tmp_path: Path) -> None:
    in_onnx.save(tmp_path)
    loaded = load_student(tmp_path)
    texts = some_texts(7, 60)
    assert loaded.runtime == ONNX
    assert rows(loaded, texts) == rows(in_onnx, texts)
    assert (loaded.vectors(texts) == in_onnx.vectors(texts)).all()
    loaded.save(tmp_path / "copy")
    names = sorted(path.name for path in (tmp_path / "copy").iterdir())
    assert GRAPH in names
    for name in names:
        assert (tmp_path / "copy" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_back_on_torch_it_is_what_it_was(in_torch: Student, in_onnx: Student) -> None:
    texts = some_texts(8, 60)
    assert rows(in_onnx.on(Runtime(), []), texts) == rows(in_torch, texts)


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff garbage", b"{}", b"\x08\x07"])
def test_a_broken_graph_is_named(in_onnx: Student, tmp_path: Path, content: bytes | None) -> None:
    in_onnx.save(tmp_path)
    (tmp_path / GRAPH).unlink() if content is None else (tmp_path / GRAPH).write_bytes(content)
    with pytest.raises(ModelError, match=r"student\.onnx.*fame train") as raised:
        load_student(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_graph_with_weights_elsewhere_is_refused(in_onnx: Student, tmp_path: Path) -> None:
    import onnx

    in_onnx.save(tmp_path)
    model = onnx.load(str(tmp_path / GRAPH))
    elsewhere = {"all_tensors_to_one_file": True, "location": "weights", "size_threshold": 0}
    onnx.save_model(model, str(tmp_path / GRAPH), save_as_external_data=True, **elsewhere)
    assert (tmp_path / "weights").exists()
    with pytest.raises(ModelError, match=r"student\.onnx"):
        load_student(tmp_path)


@pytest.mark.slow
def test_a_graph_of_another_student_is_refused(in_torch: Student, tmp_path: Path) -> None:
    in_torch.on(ONNX, []).save(tmp_path / "one")
    other = train(
        LabelledEvents(["a", "b"], [0.0, 1.0], [0, 0], [1.0, 1.0], [False, False]),  # type: ignore[arg-type]
        ["a"],
        [DomainSpec("only", "mixed")],
        TINY,
        [],
        SilentProgress(),
    )
    other.on(ONNX, []).save(tmp_path / "two")
    shutil.copy(tmp_path / "two" / GRAPH, tmp_path / "one" / GRAPH)
    with pytest.raises(ModelError, match=r"student\.onnx does not fit student\.json"):
        load_student(tmp_path / "one")


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"name": "tea"}, "runtime 'tea' is not known; use torch or onnx"),
        ({"precision": "int8"}, "precision 'int8' is not known; use float32 or bfloat16"),
        ({"name": "onnx", "precision": "bfloat16"}, "leave it at float32, or use runtime torch"),
    ],
)
def test_a_runtime_that_there_is_not(wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Runtime(**wrong)


# ---- 16 bits


def test_16_bits_are_near_and_do_not_depend_on_the_batch(in_torch: Student) -> None:
    import torch

    cpu, halved = torch.device("cpu"), in_bfloat16(in_torch.network)
    tokens = encode(in_torch.tokenizer, some_texts(9, 90))
    router, anomaly = infer(halved, tokens, cpu)
    assert 1e-6 < np.abs(router - infer(in_torch.network, tokens, cpu)[0]).max() < 0.1
    order = random.Random(1).sample(range(len(tokens)), k=40)
    some = infer(halved, [tokens[i] for i in order], cpu)
    assert some[0].tobytes() == router[order].tobytes()
    assert some[1].tobytes() == anomaly[order].tobytes()
    assert {weight.dtype for weight in in_torch.network.parameters()} == {torch.float32}


def test_16_bits_are_kept_in_the_model_and_left_alone_on_a_cpu(
    in_torch: Student, tmp_path: Path
) -> None:
    half = Runtime("torch", "bfloat16")
    in_torch.on(half, []).save(tmp_path)
    loaded = load_student(tmp_path)
    assert loaded.runtime == half
    engine = loaded.engine
    assert isinstance(engine, TorchEngine)
    if engine.where.type == "cpu":
        texts = some_texts(10, 40)
        assert rows(loaded, texts) == rows(in_torch, texts)
    in_torch.save(tmp_path / "plain")
    weights = "student.safetensors"
    assert (tmp_path / weights).read_bytes() == (tmp_path / "plain" / weights).read_bytes()


# ---- models


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
    assert ask(*command, "--promote", "--author", "me", "--why", "no torch")["stage"] == "champion"
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
