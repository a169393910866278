from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from older_model import replace_champion, write_format_1

import fame_sql
from fame_sql import models
from fame_sql.errors import FameError, InputError, ModelError
from fame_sql.models.manifest import hash_of, sha256, sums_of, version_of, write
from fame_sql.scoring.scoring import score_events
from fame_sql.students import StudentConfig
from fame_sql.training.false_alarm_target import set_target
from fame_sql.training.training import train_students
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

TEXTS = ["kernel: memory error at address <id>", "user root logged in", "never seen before, ever"]


@pytest.fixture
def folder(compiled: Path, tmp_path: Path) -> Path:
    """A copy of the champion's folder, to be changed at will."""
    with Warehouse.open(compiled, read_only=True) as warehouse:
        source = models.champion(warehouse).folder
    return shutil.copytree(source, tmp_path / "models" / source.name)


@pytest.fixture
def encoder_folder(compiled_with_encoder: Path, tmp_path: Path) -> Path:
    """A copy of the folder of a champion with an encoder, to be changed at will."""
    with Warehouse.open(compiled_with_encoder, read_only=True) as warehouse:
        source = models.champion(warehouse).folder
    return shutil.copytree(source, tmp_path / "encoder" / source.name)


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))


def change_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def link(file: Path) -> None:
    """Put the same content behind a symbolic link."""
    moved = file.rename(file.parents[1] / file.name)
    file.symlink_to(moved)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


# ---- tampering


TAMPERING = [change_byte, truncate, grow, Path.unlink, link, make_folder, make_pipe]


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda t: t.__name__)
def test_a_folder_with_any_file_tampered_with_is_refused_by_name(
    folder: Path, tamper: Callable[[Path], None], tmp_path: Path
) -> None:
    names = [*manifest_of(folder)["files"]]
    assert {"metrics.json", "README.md", "examples.json", "held_out.safetensors"} < set(names)
    for name in names:
        made = shutil.copytree(folder, tmp_path / name / folder.name)
        tamper(made / name)
        for read in (models.check, models.load):
            with pytest.raises(ModelError) as refused:
                read(made)
            assert str(made / name) in str(refused.value)
            assert "cannot be trusted" in str(refused.value)


@pytest.mark.parametrize("name", ["extra.txt", "student.pkl", "deep/er.json", ".hidden"])
def test_a_file_that_the_manifest_does_not_list_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("{}")
    with pytest.raises(ModelError, match=f"{name} is not in the manifest"):
        models.check(folder)


def test_a_link_to_a_folder_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    (folder / "more").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ModelError, match="more is a link"):
        models.check(folder)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_in_the_place_of_a_new_model_is_replaced_and_not_followed(
    folder: Path, tmp_path: Path, is_there: bool
) -> None:
    def change(made: Path) -> None:
        (made / "student.json").write_text((made / "student.json").read_text() + " ")

    new = folder.with_name(models.derive(folder, change, {}))
    shutil.rmtree(new)
    outside = tmp_path / "outside"
    if is_there:
        outside.mkdir()
        (outside / "mine.txt").write_text("mine")
    new.symlink_to(outside, target_is_directory=True)
    assert models.derive(folder, change, {}) == new.name
    assert not new.is_symlink()
    models.check(new)
    assert [path.name for path in outside.glob("*")] == ["mine.txt"] * is_there


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "a/../../outside.txt",
        "/etc/hostname",
        "..\\outside.txt",
        "./model.json",
        "",
        "..",
    ],
)
def test_a_manifest_cannot_name_a_file_outside_its_folder(folder: Path, name: str) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("outside")
    manifest = manifest_of(folder)
    manifest["files"][name] = sha256(outside)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="cannot be trusted") as refused:
        models.check(folder)
    assert repr(name) in str(refused.value)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("", "not a model folder"),
        ("[]", "not a model folder"),
        ("{}", "not a model folder"),
        ('{"files": 3}', "not a model folder"),
        ('{"files": {}, "format": "x"}', "not a model folder"),
        ("[" * 100_000, "not a model folder"),
        ('{"files": {}, "format": 4}', "has model format 4, but this fame-sql reads up to 3"),
        ('{"files": {}, "format": 0}', "has model format 0"),
        (
            '{"files": {"model.json": null}, "version": ""}',
            "model.json is missing or does not match",
        ),
    ],
)
def test_a_manifest_that_makes_no_sense(folder: Path, manifest: str, message: str) -> None:
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(ModelError, match=message):
        models.check(folder)


def test_another_version_in_the_manifest_is_refused(folder: Path) -> None:
    manifest = {**manifest_of(folder), "version": "0" * 12}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"manifest.json has a version that does not match"):
        models.check(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"templates": [{"no": "template"}]},
        {"domain_of_template": {"a": 99}},
        {"domains": [{"name": "a"}]},
        {"recipe": {}},
        {"format": 9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_sound_manifest_over_a_model_that_makes_no_sense(
    folder: Path, change: dict[str, Any]
) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    write(folder, sums_of(folder), None)
    with pytest.raises(FameError) as refused:
        models.load(folder)
    assert str(folder) in str(refused.value)


def test_weights_that_changed_after_the_model_was_opened_are_refused(folder: Path) -> None:
    model = models.load(folder)
    change_byte(folder / "words.safetensors")
    with pytest.raises(ModelError, match=r"words.safetensors is missing or does not match"):
        model.verdicts(TEXTS)


def test_a_folder_that_became_another_model_is_refused(folder: Path) -> None:
    model = models.load(folder)
    (folder / "more.json").write_text("{}")
    write(folder, sums_of(folder), None)
    with pytest.raises(ModelError, match="has been replaced"):
        model.verdicts(TEXTS)


# ---- versions and formats


def test_the_version_depends_only_on_files_that_determine_scores(folder: Path) -> None:
    sums = sums_of(folder)
    beside = {"README.md", "metrics.json", "examples.json"}
    changed = {name for name in sums if version_of({**sums, name: "0"}) != folder.name}
    assert changed == set(sums) - beside


def test_files_in_folders_below_count_as_any_other(folder: Path) -> None:
    (folder / "encoder").mkdir()
    (folder / "encoder" / "config.json").write_text("{}")
    sums = sums_of(folder)
    write(folder, sums, None)
    assert models.check(folder)["version"] == version_of(sums) != folder.name
    change_byte(folder / "encoder" / "config.json")
    with pytest.raises(ModelError, match=r"encoder/config.json is missing or does not match"):
        models.check(folder)


def test_an_older_format_loads_and_scores_the_same(encoder_folder: Path) -> None:
    older = models.load(write_format_1(encoder_folder))
    newer = models.load(encoder_folder)
    assert older.version != newer.version
    for a, b in zip(older.verdicts(TEXTS), newer.verdicts(TEXTS), strict=True):
        assert (a.score, a.domain, a.novelty, a.threshold) == (
            b.score,
            b.domain,
            b.novelty,
            b.threshold,
        )
        assert a.model_version == older.version
    assert older.explain(TEXTS[0]).nearest is not None


@pytest.mark.parametrize("name", ["student.json", "model.json", "README.md", "examples.json"])
def test_an_older_format_is_checked_all_the_same(encoder_folder: Path, name: str) -> None:
    older = write_format_1(encoder_folder)
    change_byte(older / name)
    with pytest.raises(ModelError, match=f"{name} is missing or does not match"):
        models.load(older)


def test_an_older_champion_stays_usable(opened_with_encoder: Warehouse) -> None:
    opened = opened_with_encoder
    scores = "SELECT event_id, score, domain FROM fame.scores WHERE model_version = ? ORDER BY ALL"
    version = replace_champion(opened)
    stored = opened.rows(scores, [version])
    opened.connection.execute("DELETE FROM fame.scores")
    assert score_events(opened).model_version == version
    assert opened.rows(scores, [version]) == stored
    assert models.promote(opened, version[:6], reason="as it was").model_version == version
    moved = set_target(opened, 1000)
    assert moved is not None
    assert models.check(moved.folder)["format"] == models.FORMAT
    card = (moved.folder / "README.md").read_text()
    assert "at most 1,000 false alarms per million lines" in card
    assert models.load(moved.folder).version == moved.model_version
    assert models.load_published(opened, version).version == version


# ---- writing


@pytest.mark.slow
def test_the_same_training_leaves_the_folder_as_it_is(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    folder = models.champion(opened).folder
    before = {file.name: (file.stat().st_mtime_ns, sha256(file)) for file in folder.iterdir()}
    assert not train_students(opened, config=tiny).trained
    report = train_students(opened, config=tiny, again=True)
    assert report.trained
    assert report.model_version == folder.name
    assert opened.rows("SELECT count(*) FROM fame.models") == [(1,)]
    after = {file.name: (file.stat().st_mtime_ns, sha256(file)) for file in folder.iterdir()}
    assert after == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_whoever_may_read_one_file_may_read_them_all(opened: Warehouse) -> None:
    files = [*models.champion(opened).folder.iterdir()]
    assert len({file.stat().st_mode for file in files}) == 1


@pytest.mark.slow
def test_the_same_training_replaces_a_damaged_folder(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    record = models.champion(opened)
    truncate(record.folder / "words.safetensors")
    train_students(opened, config=tiny, again=True)
    assert models.load_champion(opened).version == record.model_version


def test_a_change_that_fails_leaves_nothing_behind(folder: Path) -> None:
    def fail(made: Path) -> None:
        raise InputError("no")

    with pytest.raises(InputError):
        models.derive(folder, fail, {})
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


# ---- export


def test_an_export_without_examples_scores_the_same_and_names_none(
    folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "shared"
    models.export(folder, target, examples=False)
    assert not (target / "examples.json").exists()
    assert "left out" in (target / "README.md").read_text()
    whole, bare = models.load(folder), models.load(target)
    assert whole.version == bare.version == models.check(target)["version"]
    assert hash_of(models.check(target)) != hash_of(models.check(folder))
    assert bare.verdicts(TEXTS) == whole.verdicts(TEXTS)
    explained = bare.explain(TEXTS[0])
    assert explained.nearest is None
    assert explained.words == whole.explain(TEXTS[0]).words
    with duckdb.connect() as connection:
        fame_sql.register(connection, model=target)
        row = connection.execute("SELECT fame_explain('a b').nearest").fetchall()
        assert row == [(None,)]
        release(connection)


def test_an_export_is_a_copy(folder: Path, tmp_path: Path) -> None:
    models.export(folder, tmp_path / "out")
    assert models.check(tmp_path / "out") == models.check(folder)
    with pytest.raises(InputError, match="exists already"):
        models.export(folder, tmp_path / "out")
    with pytest.raises(InputError, match="does not exist"):
        models.export(folder, tmp_path / "no" / "out")


def test_an_older_format_is_exported_with_its_examples_alone(
    encoder_folder: Path, tmp_path: Path
) -> None:
    older = write_format_1(encoder_folder)
    models.export(older, tmp_path / "out")
    assert models.check(tmp_path / "out")["version"] == older.name
    with pytest.raises(ModelError, match="whose version depends on its"):
        models.export(older, tmp_path / "shared", examples=False)
    assert not (tmp_path / "shared").exists()
