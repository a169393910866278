from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, ModelError
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Prediction,
    Student,
    StudentConfig,
    load_student,
    train,
)
from fame_sql.students.calibration.calibration import Calibration
from fame_sql.students.fitting.retraining import retrain

pytestmark = pytest.mark.any_duckdb

TINY = StudentConfig(
    preset="compact",
    hidden=32,
    layers=1,
    heads=2,
    feed_forward=64,
    vocab=400,
    learning_rate=5e-3,
    max_tokens=32,
    min_steps=60,
    max_steps=60,
)
DOMAINS = [
    DomainSpec("memory", "mixed"),
    DomainSpec("crash", "anomalous"),
    DomainSpec("network", "mixed"),
    DomainSpec("login", "normal"),
]
PLACEHOLDERS = ["<id>", "<path>"]

NORMAL = ["corrected", "recovered", "completed", "ready"]
FAULTY = ["uncorrectable", "timeout", "refused", "aborted"]
SUBJECTS = [
    ["parity", "cache", "dimm <id>", "ecc"],
    ["kernel panic", "segmentation fault", "machine check", "core dump <path>"],
    ["socket <id>", "ethernet", "torus link", "packet"],
    ["session opened", "session closed", "password accepted", "user <id>"],
]


def synthetic(seed: int = 0, size: int = 160) -> LabelledEvents:
    """A small world in which the words decide both the domain and the anomaly."""
    draw = random.Random(seed)
    texts: dict[str, tuple[int, float]] = {}
    template: dict[str, int] = {}
    while len(texts) < size:
        domain = draw.randrange(4)
        faulty = domain == 1 or (domain in (0, 2) and draw.random() < 0.4)
        words = [draw.choice(SUBJECTS[domain]), draw.choice(FAULTY if faulty else NORMAL)]
        words.append(draw.choice(["on", "at", "in"]) + " " + draw.choice(SUBJECTS[domain]))
        text = " ".join([*words, draw.choice(["", "<id>", "/ <path>"])])
        texts[text] = (domain, float(faulty))
        template[text] = 4 * domain + SUBJECTS[domain].index(words[0])
    return LabelledEvents(
        list(texts),
        np.array([faulty for _, faulty in texts.values()]),
        np.array([domain for domain, _ in texts.values()]),
        np.array([float(draw.choice([1, 10, 1000])) for _ in texts]),
        np.array([draw.random() < 0.25 for _ in texts]),
        np.array(list(template.values())),
    )


def trained(examples: LabelledEvents, config: StudentConfig = TINY, **changes: Any) -> Student:
    domains = changes.get("domains", DOMAINS)
    texts = changes.get("texts", examples.canonical)
    return train(examples, texts, domains, config, PLACEHOLDERS, SilentProgress())


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine's cores; those about threads set their own number."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def student() -> Student:
    return trained(synthetic())


def odd_texts(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    alphabet = "abcdefgh <>/.:ÄßЖ中\N{PILE OF POO}\t\x00\x1b\u202e"
    words = [w for group in (*SUBJECTS, NORMAL, FAULTY) for w in group]
    texts = ["", " ", "[PAD]", "[CLS] [SEP] [MASK]", "<id>", "中文" * 50, "\x00", "x" * 9000]
    while len(texts) < count:
        length = draw.randrange(1, 40)
        known = draw.random() < 0.6
        texts.append(
            " ".join(draw.choice(words) for _ in range(length))
            if known
            else "".join(draw.choice(alphabet) for _ in range(length * 3))
        )
    return texts


def rows(prediction: Prediction) -> list[bytes]:
    both = np.concatenate([prediction.router, prediction.scores], axis=1)
    return [row.tobytes() for row in np.ascontiguousarray(both)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# ---- what it learns


def test_learns_a_small_world_and_routes_it(student: Student) -> None:
    examples = synthetic()
    prediction = student.predict(examples.canonical)
    assert (prediction.router.argmax(axis=1) == examples.domain).mean() > 0.98
    score = prediction.scores[np.arange(len(examples)), examples.domain]
    alarm, fault = score > 0.5, examples.is_anomaly > 0.5
    assert 2 * (alarm & fault).sum() / (alarm.sum() + fault.sum()) > 0.98


def test_generalises_to_new_sentences_of_the_same_words(student: Student) -> None:
    known = set(synthetic().canonical)
    later = synthetic(seed=5, size=300)
    new = later.where(np.array([text not in known for text in later.canonical]))
    prediction = student.predict(new.canonical)
    score = prediction.scores[np.arange(len(new)), new.domain]
    assert len(new) > 100
    assert ((score > 0.5) == (new.is_anomaly > 0.5)).mean() > 0.95


def test_prediction_has_a_column_a_domain_by_its_kind(student: Student) -> None:
    prediction = student.predict(["session opened ready", "kernel panic aborted"])
    assert prediction.router.shape == prediction.scores.shape == (2, 4)
    assert prediction.router.sum(axis=1) == pytest.approx([1, 1])
    assert (prediction.scores[:, 1] == 1.0).all()
    assert ((prediction.scores >= 0) & (prediction.scores <= 1)).all()
    assert prediction.router.dtype == prediction.scores.dtype == np.float64
    assert (prediction.thresholds == student.thresholds).all()
    assert prediction.thresholds.shape == (4,)
    assert ((prediction.thresholds >= 0.2) & (prediction.thresholds <= 0.8)).all()


def test_the_slice_calibrates(student: Student) -> None:
    assert student.calibration.thresholds != Calibration.none(4).thresholds
    late_is_early = replace(synthetic(), calibration=np.zeros(160, dtype=bool))
    quick = replace(TINY, min_steps=2, max_steps=2)
    calibration = trained(late_is_early, quick).calibration
    assert calibration.thresholds == Calibration.none(4).thresholds
    assert calibration.temperature == 1


@pytest.mark.slow
@pytest.mark.parametrize("seen", [True, False])
def test_known_templates_alone_calibrate(seen: bool) -> None:
    """What comes in the slice for the first time says nothing of what is known."""
    examples = synthetic()
    late = np.array(["socket" in text.split()[0] for text in examples.canonical])
    late |= examples.template == 0
    made = replace(examples, calibration=late)
    if seen:
        made = replace(made, template=np.zeros(len(made), dtype=np.int64))
    held_out = trained(made, replace(TINY, min_steps=2, max_steps=2)).held_out
    assert late.sum() > 10
    assert len(held_out.known.lines) == (late.sum() if seen else 0)
    assert len(held_out.unseen.lines) == (len(examples) if not seen else 0)


@pytest.mark.slow
@pytest.mark.parametrize("seen", [True, False])
def test_retraining_calibrates_on_known_templates_alone(student: Student, seen: bool) -> None:
    made = synthetic(seed=5)
    made = replace(made, template=np.arange(len(made)) * (not seen))
    changed = [domain.name for domain in DOMAINS]
    thresholds = retrain(student, made, DOMAINS, changed, SilentProgress()).calibration.thresholds
    assert (thresholds != Calibration.none(4).thresholds) == seen


def test_an_expert_is_its_own_domains_judge(student: Student) -> None:
    scores = student.predict(["socket <id> timeout on torus link", "cache ready in ecc"]).scores
    assert len({*scores[0, [0, 2, 3]]}) == 3


def test_no_texts_give_no_rows(student: Student) -> None:
    prediction = student.predict([])
    assert prediction.router.shape == prediction.scores.shape == (0, 4)


# ---- the same bits


@pytest.mark.slow
def test_a_row_does_not_depend_on_the_batch(student: Student) -> None:
    texts = odd_texts(1, 150)
    expected = dict(zip(texts, rows(student.predict(texts)), strict=True))
    draw = random.Random(2)
    for _ in range(40):
        some = draw.choices(texts, k=draw.randrange(1, 40))
        assert rows(student.predict(some)) == [expected[text] for text in some]


@pytest.mark.slow
def test_a_row_is_the_same_over_thousands_of_shuffles(student: Student) -> None:
    """Short texts, few at a time, so that thousands take seconds."""
    texts = ["", "<id>", *NORMAL, *FAULTY, *(subject for group in SUBJECTS for subject in group)]
    expected = dict(zip(texts, rows(student.predict(texts)), strict=True))
    draw, neighbours = random.Random(11), set()
    for _ in range(2000):
        some = draw.sample(texts, k=draw.randrange(2, 5))
        assert rows(student.predict(some)) == [expected[text] for text in some]
        neighbours.add(tuple(some))
    assert len(neighbours) > 1500


@pytest.mark.slow
def test_the_default_sizes_do_not_depend_on_the_batch_either() -> None:
    compact = trained(synthetic(size=40), StudentConfig(preset="compact", min_steps=3, max_steps=3))
    texts = odd_texts(3, 120)
    expected = dict(zip(texts, rows(compact.predict(texts)), strict=True))
    draw = random.Random(4)
    for size in (1, 2, 3, 31, 32, 33, 120):
        some = draw.sample(texts, k=size)
        assert rows(compact.predict(some)) == [expected[text] for text in some]


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_row_does_not_depend_on_threads(student: Student, threads: int) -> None:
    import torch

    texts = odd_texts(6, 60)
    expected = rows(student.predict(texts))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: rows(student.predict(texts)), range(8)))
        assert found == [expected] * 8
        assert rows(student.predict(texts)) == expected
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_a_row_does_not_depend_on_the_callers_torch_settings(student: Student) -> None:
    import torch

    texts = odd_texts(7, 20)
    expected = rows(student.predict(texts))
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert rows(student.predict(texts)) == expected
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_only_the_first_tokens_of_a_long_text_count(student: Student) -> None:
    long = "socket " * 200
    first, second = student.predict([long]), student.predict([long + "aborted"])
    assert first.router.tobytes() == second.router.tobytes()


@pytest.mark.slow
def test_training_twice_gives_the_same_files(tmp_path: Path) -> None:
    examples = synthetic(seed=3)
    quick = replace(TINY, min_steps=15, max_steps=15)
    trained(examples, quick).save(tmp_path / "once")
    shuffled = random.Random(1).sample(examples.canonical, k=len(examples))
    trained(examples, quick, texts=shuffled).save(tmp_path / "again")
    assert files(tmp_path / "once") == files(tmp_path / "again")
    trained(examples, replace(quick, seed=1)).save(tmp_path / "other")
    assert files(tmp_path / "once") != files(tmp_path / "other")


def test_training_leaves_torch_as_it_was() -> None:
    import torch

    def settings() -> tuple[object, ...]:
        return (
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_rng_state().numpy().tobytes(),
        )

    before = settings()
    trained(synthetic(size=20), replace(TINY, min_steps=2, max_steps=2, threads=1))
    assert settings() == before


# ---- saving and loading


def test_a_loaded_student_gives_the_same_bits(student: Student, tmp_path: Path) -> None:
    student.save(tmp_path / "model")
    loaded = load_student(tmp_path / "model")
    texts = odd_texts(8, 80)
    assert rows(loaded.predict(texts)) == rows(student.predict(texts))
    assert (loaded.domains, loaded.config) == (student.domains, student.config)
    loaded.save(tmp_path / "copy")
    assert files(tmp_path / "copy") == files(tmp_path / "model")


@pytest.mark.slow
def test_another_process_gives_the_same_bits(student: Student, tmp_path: Path) -> None:
    student.save(tmp_path)
    texts = odd_texts(9, 30)
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    code = (
        "import json, sys; from pathlib import Path; from fame_sql.students import load_student\n"
        "folder = Path(sys.argv[1]); texts = json.loads((folder / 'texts.json').read_text())\n"
        "found = load_student(folder).predict(texts)\n"
        "sys.stdout.write(found.router.tobytes().hex() + found.scores.tobytes().hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    here = student.predict(texts)
    assert output == here.router.tobytes().hex() + here.scores.tobytes().hex()


FILES = ["student.safetensors", "tokenizer.json", "student.json"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"\x00\xff garbage", b"{}", b"[1]", b'{"a": 1}'])
def test_a_broken_file_is_named(
    student: Student, tmp_path: Path, name: str, content: bytes | None
) -> None:
    student.save(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name) as raised:
        load_student(tmp_path)
    assert "fame train" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_is_named(student: Student, tmp_path: Path, name: str) -> None:
    student.save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=name):
        load_student(tmp_path)


def test_files_of_two_students_do_not_fit(student: Student, tmp_path: Path) -> None:
    student.save(tmp_path / "one")
    wider = replace(TINY, hidden=64, min_steps=2, max_steps=2)
    trained(synthetic(size=20), wider).save(tmp_path / "two")
    shutil.copy(tmp_path / "two" / FILES[0], tmp_path / "one" / FILES[0])
    with pytest.raises(ModelError, match="weights"):
        load_student(tmp_path / "one")


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": {"thresholds": [0.5], "temperature": 1.0}},
        {"calibration": {"thresholds": [0.5, 0.5, 0.5, 1.0], "temperature": 1.0}},
        {"calibration": {"thresholds": [0.5] * 4, "temperature": 0.0}},
        {"calibration": {"thresholds": [0.5] * 4, "temperature": float("nan")}},
        {"domains": []},
        {"domains": [{"name": "a", "kind": "odd"}] * 4},
        {"config": {"preset": "unheard of"}},
        {"config": {"hidden": "wide"}},
    ],
)
def test_facts_that_do_not_fit_are_refused(
    student: Student, tmp_path: Path, change: dict[str, Any]
) -> None:
    student.save(tmp_path)
    facts = json.loads((tmp_path / "student.json").read_text())
    (tmp_path / "student.json").write_text(json.dumps({**facts, **change}))
    with pytest.raises(ModelError, match=r"student\.json"):
        load_student(tmp_path)


def test_loading_leaves_the_random_state_alone(student: Student, tmp_path: Path) -> None:
    import torch

    student.save(tmp_path)
    before = torch.get_rng_state()
    load_student(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


# ---- labels that say little

QUICK = replace(TINY, min_steps=3, max_steps=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_anomaly", "calibration", "kinds"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 1], ["normal"]),
        ([1, 1, 1, 1], [0, 0, 0, 1], ["anomalous"]),
        ([0, 0, 0, 0], [0, 0, 1, 1], ["mixed", "normal"]),
        ([0, 1, 0, 1], [1, 1, 1, 1], ["mixed"]),
        ([0, 1, 0, 1], [0, 0, 0, 0], ["mixed"]),
        ([0, 1, 0, 0], [0, 0, 1, 1], ["mixed"]),
        ([0, 1, 0, 1], [0, 0, 1, 1], ["normal"]),
    ],
)
def test_labels_of_one_class_still_train(
    is_anomaly: list[int], calibration: list[int], kinds: list[Any]
) -> None:
    texts = ["link up", "link down", "disk full", ""]
    examples = LabelledEvents(texts, is_anomaly, [0] * 4, [1] * 4, calibration)  # type: ignore[arg-type]
    domains = [DomainSpec(f"d{i}", kind) for i, kind in enumerate(kinds)]
    prediction = trained(examples, QUICK, domains=domains).predict(["link down", "new"])
    assert np.isfinite(prediction.scores).all()
    assert np.isfinite(prediction.router).all()
    assert (prediction.thresholds == 0.5).all()


def test_one_event_of_both_labels_trains() -> None:
    examples = LabelledEvents(["exit status"], [0.3], [0], [50.0], [False])  # type: ignore[arg-type]
    found = trained(examples, TINY, domains=[DomainSpec("jobs", "mixed")]).predict(["exit status"])
    assert 0.25 < found.scores[0, 0] < 0.35  # it keeps its own odds, whatever the classes weigh


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (([], [], [], [], []), "no labelled events"),
        ((["a"], [0.0], [4], [1.0], [False]), "below 4"),
        ((["a"], [0.0], [-1], [1.0], [False]), "below 4"),
        ((["a"], [2.0], [0], [1.0], [False]), "share"),
        ((["a"], [0.0], [0], [0.0], [False]), "weight"),
        ((["a", "b"], [0.0], [0], [1.0], [False]), "2 events"),
    ],
)
def test_examples_that_cannot_be_used_are_refused(columns: tuple[Any, ...], match: str) -> None:
    with pytest.raises(InputError, match=match):
        trained(LabelledEvents(*columns), QUICK)


@pytest.mark.parametrize(
    "wrong", [{"preset": "huge"}, {"hidden": 30, "heads": 4}, {"max_tokens": 40}]
)
def test_a_configuration_that_cannot_be_built_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        StudentConfig(**wrong)


@pytest.mark.parametrize(("events", "steps"), [(1, 300), (1920, 300), (2000, 315), (9999, 800)])
def test_steps_are_five_epochs_within_bounds(events: int, steps: int) -> None:
    assert StudentConfig(preset="compact").steps(events) == steps


def test_importing_the_students_loads_no_torch() -> None:
    code = "import sys, fame_sql.students; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_scoring_loads_no_more_than_it_needs(student: Student, tmp_path: Path) -> None:
    student.save(tmp_path)
    code = (
        "import sys; from pathlib import Path; from fame_sql.students import load_student; "
        "load_student(Path(sys.argv[1])).predict(['kernel panic']); "
        "assert not {'transformers', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_the_compact_encoder_is_bert_bit_for_bit() -> None:
    import torch
    from transformers import BertConfig, BertModel

    from fame_sql.students.network.compact import CompactEncoder

    shape = BertConfig(
        vocab_size=90,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=16,
        type_vocab_size=1,
        attention_probs_dropout_prob=0.0,
        pad_token_id=0,
        attn_implementation="sdpa",
    )
    torch.manual_seed(3)
    theirs = BertModel(shape, add_pooling_layer=False)
    torch.manual_seed(3)
    ours = CompactEncoder(90, 32, 2, 4, 48, 16, dropout=0.1, padding=0)
    weights = theirs.state_dict()
    assert list(ours.state_dict()) == list(weights)
    assert all(torch.equal(ours.state_dict()[name], weights[name]) for name in weights)
    ids = torch.randint(1, 90, (4, 16))
    padded = (torch.arange(16) < torch.tensor([[16], [9], [1], [3]])).long()
    for mask in (padded, torch.ones_like(padded)):
        states = []
        for encoder in (theirs, ours):
            torch.manual_seed(7)  # the same activations are dropped
            states.append(encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
        assert torch.equal(*states)
