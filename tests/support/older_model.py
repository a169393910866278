"""A model folder as fame-sql wrote it before folders had metrics, made from one of today."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from fame_sql.warehouse.warehouse import Warehouse

# The files and settings that there were.
FILES = {
    "examples.json",
    "held_out.safetensors",
    "lexical.json",
    "lexical.safetensors",
    "model.json",
    "student.json",
    "student.safetensors",
    "tokenizer.json",
}
SETTINGS = {
    *("preset", "hidden", "layers", "heads", "feed_forward", "vocab", "max_tokens", "dropout"),
    *("learning_rate", "weight_decay", "batch", "pool", "epochs", "min_steps", "max_steps"),
    *("balance", "calibration_events", "threads", "seed"),
}
METRICS = {
    *("inputs", "config", "labelled_events", "domains", "anomalous_events", "experts", "split"),
    *("max_false_alarms", "calibration_error", "held_out_events", "domain_inputs"),
    *("moved_templates", "training"),
}


def write_format_1(folder: Path) -> Path:
    """Write the folder's model beside it in format 1; return the new folder."""
    made = folder.with_name("older")
    made.mkdir()
    for name in FILES:
        shutil.copy(folder / name, made / name)
    _edit(made / "model.json", format=1)
    student = json.loads((made / "student.json").read_text())
    config = {name: value for name, value in student["config"].items() if name in SETTINGS}
    written = {"config": config, **{n: student[n] for n in ("domains", "calibration")}}
    (made / "student.json").write_text(json.dumps(written, indent=2) + "\n")
    digest = hashlib.sha256()
    for file in sorted(made.iterdir()):
        digest.update(f"{file.name} {_sum(file)}\n".encode())
    version = digest.hexdigest()[:12]
    (made / "README.md").write_text(f"# Model {version}\n")
    sums = {file.name: _sum(file) for file in sorted(made.iterdir())}
    manifest = {"version": version, "files": sums, "made_by": "fame-sql 0.1.0"}
    (made / "manifest.json").write_text(_json(manifest))
    return made.rename(folder.with_name(version))


def replace_champion(warehouse: Warehouse) -> str:
    """Make the champion one that the earlier release trained and published; return its version."""
    version, path, metrics = warehouse.rows(
        "SELECT model_version, path, metrics FROM fame.champion"
    )[0]
    older = write_format_1(warehouse.path.parent / path)
    told = {name: value for name, value in json.loads(metrics).items() if name in METRICS}
    told["config"] = {n: v for n, v in told["config"].items() if n in SETTINGS}
    warehouse.connection.execute(
        "UPDATE fame.models SET model_version = ?, path = ?, manifest_hash = ?, metrics = ?",
        [
            older.name,
            f"{older.parent.name}/{older.name}",
            hashlib.sha256((older / "manifest.json").read_bytes()).hexdigest(),
            json.dumps(told),
        ],
    )
    for table in ("scores", "promotions"):
        warehouse.connection.execute(
            f"UPDATE fame.{table} SET model_version = ? WHERE model_version = ?",
            [older.name, version],
        )
    shutil.rmtree(older.with_name(version))
    return older.name


def _edit(file: Path, **changes: object) -> None:
    file.write_text(_json({**json.loads(file.read_text()), **changes}))


def _json(content: object) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
