"""The graph that a student is exported to, and graphs that are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runtimes import ONNX, TINY, rows, some_texts

import fame_sql
from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, ModelError
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Student,
    load_student,
    train,
)
from fame_sql.students.network import encoder
from fame_sql.students.network import onnx_export as exporting
from fame_sql.students.network.onnx_network import GRAPH
from fame_sql.students.runtime import Runtime

pytestmark = [pytest.mark.any_duckdb, pytest.mark.usefixtures("two_threads")]


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
