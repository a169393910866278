from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fame_sql import models
from fame_sql.errors import InputError, MissingStageError, ModelError
from fame_sql.models.manifest import sha256
from fame_sql.students import StudentConfig
from fame_sql.training.training import train_students
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def _folder(warehouse: Warehouse) -> Path:
    return models.champion(warehouse).folder


def test_every_file_is_in_the_manifest_and_none_is_a_pickle(opened: Warehouse) -> None:
    folder = _folder(opened)
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {file.name for file in folder.iterdir()}
    assert names == {*manifest["files"], "manifest.json"}
    assert {Path(name).suffix for name in names} == {".safetensors", ".json", ".md"}


def test_a_manifest_that_was_rewritten_is_refused(opened: Warehouse) -> None:
    folder = _folder(opened)
    card = folder / "README.md"
    card.write_text("another card")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["README.md"] = sha256(card)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="not the model that was published"):
        models.load_champion(opened)


def test_a_folder_that_is_gone(opened: Warehouse) -> None:
    shutil.rmtree(_folder(opened))
    with pytest.raises(ModelError, match="not a model folder"):
        models.load_champion(opened)


def test_no_model_is_published(empty: Warehouse) -> None:
    with pytest.raises(MissingStageError, match="no model is published: run 'fame compile'"):
        models.champion(empty)


def test_other_masks_than_the_models(opened: Warehouse) -> None:
    opened.connection.execute("UPDATE fame.masks SET placeholder = '<other>' WHERE name = 'path'")
    with pytest.raises(ModelError, match="masks that differ"):
        models.load_champion(opened)


@pytest.mark.slow
def test_a_new_champion_archives_the_old_and_keeps_its_scores(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    from dataclasses import replace

    from fame_sql.scoring.scoring import score_events

    old = models.champion(opened).model_version
    scores = opened.value("SELECT count(*) FROM fame.scores")
    new = train_students(opened, config=replace(tiny, seed=5)).model_version
    assert new != old
    assert opened.rows("SELECT model_version, stage FROM fame.models ORDER BY stage") == [
        (old, "archived"),
        (new, "champion"),
    ]
    assert opened.value("SELECT count(score) FROM scored_logs") == 0
    assert score_events(opened).scored == scores
    assert opened.value("SELECT count(*) FROM fame.scores") == 2 * scores
    assert models.load(opened.models_folder / old).version == old


def test_labels_that_are_all_anomalous_train_nothing(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    opened.connection.execute("UPDATE fame.labels SET is_anomaly = TRUE")
    with pytest.raises(InputError, match="judge some normal lines"):
        train_students(opened, config=tiny)
