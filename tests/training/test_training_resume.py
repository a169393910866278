"""A training that is killed, at whatever moment, goes on where it was and gives the same model."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.console import SilentProgress
from fame_sql.students import DomainSpec, LabelledEvents, StudentConfig
from fame_sql.students.fitting.checkpoints import Checkpoints, Snapshot
from fame_sql.students.fitting.fitting import Fitting, reproducible
from fame_sql.students.network.tokenizer import train_tokenizer
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

TRAIN = """
import json, sys
from pathlib import Path
from fame_sql.students import StudentConfig
from fame_sql.students.fitting.checkpoints import Checkpoints
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

with Warehouse.open(Path(sys.argv[1])) as warehouse:
    checkpoints = Checkpoints.beside(warehouse.models_folder)
    checkpoints.every = 0.0
    config = StudentConfig(**json.loads(sys.argv[2]))
    report = train_students(warehouse, config=config, again=True, checkpoints=checkpoints)
print(json.dumps([report.model_version, report.resumed]))
"""


def texts(count: int) -> list[str]:
    rows = ("link down on port", "cache parity error corrected", "job finished with status")
    return [f"{rows[i % 3]} {chr(97 + i % 26)}{i % 7}" for i in range(count)]


def examples(count: int = 60) -> LabelledEvents:
    return LabelledEvents(
        texts(count),
        np.array([float(i % 3 == 0) for i in range(count)]),
        np.array([i % 2 for i in range(count)]),
        np.arange(1.0, count + 1),
        np.arange(count) >= count * 3 // 4,
    )


DOMAINS = (DomainSpec("disks", "mixed"), DomainSpec("jobs", "mixed"))


def fitting(config: StudentConfig, held_out: LabelledEvents | None = None) -> Fitting:
    tokenizer = train_tokenizer(texts(60), ["<id>"], config.vocab, config.max_tokens)
    return Fitting(examples(), tokenizer, DOMAINS, config, held_out=held_out)


class KilledError(Exception):
    """Stands for a process that ends."""


class KilledAfter(SilentProgress):
    """Ends a training after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def advance(self, amount: int = 1) -> None:
        self.left -= amount
        if self.left < 0:
            raise KilledError

    def step(self, what: str, total: int | None = None):  # type: ignore[no-untyped-def, override]
        return nullcontext(self)


@pytest.fixture
def small() -> StudentConfig:
    return StudentConfig(
        preset="compact",
        hidden=16,
        layers=1,
        heads=2,
        feed_forward=32,
        vocab=256,
        batch=8,
        min_steps=60,
        max_steps=60,
    )


def weights(made: Fitting) -> dict[str, bytes]:
    return {name: w.numpy().tobytes() for name, w in made.network.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize("patience", [0, 1])
@pytest.mark.parametrize("stops", [(0,), (1, 2), (31,), (59,), (7, 20, 30)])
def test_goes_on_bit_for_bit(
    small: StudentConfig, tmp_path: Path, stops: tuple[int, ...], patience: int
) -> None:
    config = replace(small, patience=patience)
    later = examples(40).where(examples(40).calibration)
    with reproducible(config):
        whole = fitting(config, later)
        whole.run("training", SilentProgress(), Checkpoints.none())
        for steps in stops:
            with pytest.raises(KilledError):
                fitting(config, later).run(
                    "training", KilledAfter(steps), Checkpoints(tmp_path / "kept", every=0.0)
                )
        again, checkpoints = fitting(config, later), Checkpoints(tmp_path / "kept", every=0.0)
        again.run("training", SilentProgress(), checkpoints)
    assert weights(again) == weights(whole)
    assert again.done == whole.done
    assert bool(checkpoints.resumed) == (stops != (0,))


def test_a_finished_network_is_not_fitted_again(small: StudentConfig, tmp_path: Path) -> None:
    with reproducible(small):
        whole = fitting(small)
        whole.run("training", SilentProgress(), Checkpoints(tmp_path))
        checkpoints = Checkpoints(tmp_path)
        fitting(small).run("training", KilledAfter(small.max_steps), checkpoints)
    assert checkpoints.resumed == {"training": 60}


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"seed": 1}, {"dropout": 0.2}, {"balance": 2.0}])
def test_a_checkpoint_of_other_settings_is_removed(
    small: StudentConfig, tmp_path: Path, change: dict[str, float]
) -> None:
    with reproducible(small):
        fitting(small).run("training", SilentProgress(), Checkpoints(tmp_path))
        other = fitting(replace(small, **change))  # type: ignore[arg-type]
    assert Checkpoints(tmp_path).read("training", other.identity()) is None
    assert not list(tmp_path.iterdir())


def test_identity_follows_labels_and_texts(small: StudentConfig) -> None:
    tokenizer = train_tokenizer(texts(60), ["<id>"], small.vocab, small.max_tokens)
    plain = examples()
    others = [
        replace(plain, canonical=[*plain.canonical[:-1], "job finished"]),
        replace(plain, is_anomaly=1 - plain.is_anomaly),
        replace(plain, domain=1 - plain.domain),
        replace(plain, weight=plain.weight[::-1].copy()),
    ]
    found = {Fitting(e, tokenizer, DOMAINS, small).identity() for e in (plain, plain, *others)}
    assert len(found) == 5


def broken() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "noise", random.Random(3).randbytes(500)
    yield "a length past the end", b"\xff" * 8 + b"{}"
    yield "JSON without what is needed", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"


@pytest.mark.slow
@pytest.mark.parametrize("content", [pytest.param(c, id=name) for name, c in broken()])
def test_a_broken_checkpoint_is_removed(
    small: StudentConfig, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "training.safetensors").write_bytes(content)
    checkpoints = Checkpoints(tmp_path)
    with reproducible(small):
        fitting(small).run("training", SilentProgress(), checkpoints)
    assert checkpoints.resumed == {}


def test_a_checkpoint_cut_short_is_removed(small: StudentConfig, tmp_path: Path) -> None:
    with reproducible(small):
        made = fitting(small)
        made.run("training", SilentProgress(), Checkpoints(tmp_path))
        path = tmp_path / "training.safetensors"
        path.write_bytes(path.read_bytes()[:-100])
    assert Checkpoints(tmp_path).read("training", made.identity()) is None


def test_writes_by_time(tmp_path: Path) -> None:
    seldom, at_once = Checkpoints(tmp_path, every=1000.0), Checkpoints(tmp_path, every=0.0)
    assert not seldom.is_due
    assert at_once.is_due
    assert not Checkpoints.none().is_due
    Checkpoints.none().write("training", "x", Snapshot({}, {}))
    at_once.write("training", "x", Snapshot({}, {"done": 3}))
    kept = at_once.read("training", "x")
    assert kept is not None
    assert kept.facts == {"done": 3}
    at_once.remove()
    assert not tmp_path.exists()


def test_large_networks_are_written_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 100.0, 103.0, 162.9, 163.1])
    monkeypatch.setattr("fame_sql.students.fitting.checkpoints.monotonic", lambda: next(clock))
    checkpoints = Checkpoints(tmp_path, every=10.0)
    checkpoints.write("training", "x", Snapshot({}, {}))
    assert not checkpoints.is_due
    assert checkpoints.is_due


@pytest.mark.slow
def test_a_killed_process_goes_on(copied_with_encoder: Path, tiny_encoder: StudentConfig) -> None:
    """Kill real processes at random points until one has time to finish."""
    with Warehouse.open(copied_with_encoder) as warehouse:
        undisturbed = train_students(warehouse, config=tiny_encoder, again=True).model_version
        folder = warehouse.models_folder / ".training"
    assert not folder.exists()
    stopped = 0
    draw = random.Random(11)
    # Each lives on for a moment after a checkpoint; the last one is spared.
    for life in [draw.uniform(0.0, 0.4) for _ in range(2)]:
        process = _start(copied_with_encoder, tiny_encoder)
        _wait_for_change(process, folder)
        time.sleep(life)
        process.kill()
        stopped += process.wait() != 0
    process = _start(copied_with_encoder, tiny_encoder)
    said, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    version, resumed = json.loads(said.strip().splitlines()[-1])
    assert stopped
    assert resumed
    assert version == undisturbed
    assert not folder.exists()


def _start(path: Path, config: StudentConfig) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TRAIN, str(path), json.dumps(config.settings())]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=environment, **pipes)  # type: ignore[call-overload, no-any-return]


def _wait_for_change(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until the process has written a checkpoint, or has ended."""
    before, end = _moments(folder), time.monotonic() + 60
    while process.poll() is None and _moments(folder) == before and time.monotonic() < end:
        time.sleep(0.01)


def _moments(folder: Path) -> dict[str, int]:
    if not folder.exists():
        return {}
    return {p.name: p.stat().st_mtime_ns for p in folder.glob("*.safetensors") if p.exists()}


@pytest.mark.slow
def test_train_says_that_it_goes_on(
    copied_with_encoder: Path, tiny_encoder: StudentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KilledError

    with Warehouse.open(copied_with_encoder) as warehouse, monkeypatch.context() as patched:
        patched.setattr("fame_sql.training.training.models.publish", stopped)
        with pytest.raises(KilledError):
            train_students(warehouse, config=tiny_encoder, again=True)
        folder = warehouse.models_folder / ".training"
    assert folder.exists()
    ran = CliRunner().invoke(main, ["train", "--full", "--warehouse", str(copied_with_encoder)])
    assert ran.exit_code == 0, ran.output
    assert re.search(r"training was resumed from step \d+", ran.stderr)
    assert not folder.exists()
