"""Folders of encoders and of models that cannot be used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoders import QUICK, WORD_PIECES, trained, write_tokenizer

from fame_sql.errors import InputError, ModelError
from fame_sql.students import (
    Student,
    StudentConfig,
    load_student,
)

pytestmark = pytest.mark.any_duckdb


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
