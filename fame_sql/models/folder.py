"""Writing, reading and changing model folders."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fame_sql.canonical.canonical import Recipe
from fame_sql.errors import FameError, InputError, ModelError
from fame_sql.files import parse_json
from fame_sql.models import manifest as manifests
from fame_sql.models.explanation import FILE as EXAMPLES
from fame_sql.models.explanation import DomainFacts, Examples
from fame_sql.models.manifest import CARD, FORMAT, MANIFEST, METRICS, MODEL, as_json, check
from fame_sql.models.model import Model
from fame_sql.students.facts import StudentFacts
from fame_sql.templates.templates import Template, TemplateSet
from fame_sql.values.heads import NO_HEADS, ValueHeads

if TYPE_CHECKING:
    from fame_sql.students import Student

# Facts that models of an older fame-sql do not record.
_NO_LABELS = {"description": "", "normal_labels": 0, "anomalous_labels": 0}

# Facts of a run and not of the model: two trainings from the same inputs give the same folder.
_OF_THE_RUN = ("seconds", "why")

_loaded: dict[tuple[Path, str], Model] = {}
_loading = threading.Lock()


def save(
    folder: Path,
    *,
    recipe: Recipe,
    templates: TemplateSet,
    domains: Sequence[Mapping[str, Any]],
    domain_of_template: Mapping[str, int],
    student: Student,
    examples: Examples,
    metrics: Mapping[str, Any],
    parent: str | None = None,
    heads: ValueHeads = NO_HEADS,
) -> str:
    """Write a model into a subfolder of ``folder`` that is named after its version.

    Parameters
    ----------
    folder : Path
        The folder of the warehouse's models.
    recipe, templates, domains, domain_of_template, student, examples
        The parts of the model.
    metrics : mapping
        Facts of the training, for ``metrics.json`` and the card; timings are left out.
    parent : str, optional
        The model from which this one was partly trained.
    heads : ValueHeads
        The value heads, if there are any.

    Returns
    -------
    str
        The version. An existing model with the same content is left unchanged.
    """
    content = {
        "format": FORMAT,
        "recipe": json.loads(recipe.to_json()),
        "templates": [asdict(template) for template in templates.templates],
        "domains": list(domains),
        "domain_of_template": dict(domain_of_template),
    }
    with _making(folder) as made:
        student.save(made)
        examples.save(made)
        heads.save(made)
        (made / MODEL).write_text(as_json(content), encoding="utf-8")
        version = _finish(made, metrics, parent)
        _put_in_place(made, folder / version)
    return version


def derive(folder: Path, change: Callable[[Path], None], metrics: Mapping[str, Any]) -> str:
    """Write a changed copy of a model next to it and return its version.

    Parameters
    ----------
    folder : Path
        The model's folder.
    change : callable
        Changes files in the copy.
    metrics : mapping
        Facts of the changed model; its ``metrics.json`` and card are rewritten from them.

    Raises
    ------
    ModelError
        If the folder does not match its manifest.
    """
    parent = check(folder).get("parent")
    with _making(folder.parent) as made:
        shutil.copytree(folder, made, dirs_exist_ok=True)
        _bring_up_to_date(made)
        change(made)
        version = _finish(made, metrics, parent)
        _put_in_place(made, folder.with_name(version))
    return version


def export(folder: Path, target: Path, *, examples: bool = True) -> None:
    """Copy a model to a new folder.

    Parameters
    ----------
    folder : Path
        The model's folder.
    target : Path
        The new folder.
    examples : bool
        Include the labelled examples. Without them explanations have no nearest example; scores
        and version stay the same, because they do not depend on the examples.

    Raises
    ------
    InputError
        If the target exists, or its parent folder does not.
    ModelError
        If the folder does not match its manifest, or its format is so old that the version
        depends on the examples.
    """
    manifest = check(folder)
    _refuse_target(target)
    if not examples and manifest["format"] == 1:
        raise ModelError(
            f"model {manifest['version']} has model format 1, whose version depends on its "
            "examples: export it with them, or run 'fame train --full' and export the new model"
        )
    with _making(target.parent) as made:
        shutil.copytree(folder, made, dirs_exist_ok=True)
        if not examples:
            (made / EXAMPLES).unlink(missing_ok=True)
            _finish(made, read_metrics(folder), manifest.get("parent"))
        made.rename(target)


def load(folder: Path) -> Model:
    """Load a model folder after checking every file against the manifest.

    A folder is loaded once per process: the same manifest gives the same object.

    Raises
    ------
    ModelError
        If the folder is not a model, a file is missing or changed, or a newer fame-sql wrote it.
    """
    folder = folder.resolve()
    manifest = check(folder)
    manifests.refuse_other_form(folder)
    key = (folder, manifests.hash_of(manifest))
    with _loading:
        if key not in _loaded:
            _loaded[key] = _read(folder, manifest["version"])
        return _loaded[key]


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the facts of a model's training; empty if an older fame-sql wrote the folder.

    Raises
    ------
    ModelError
        If the file exists and cannot be read.
    """
    path = folder / METRICS
    try:
        return dict(parse_json(path.read_text(encoding="utf-8"))) if path.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from None


def read_kinds(folder: Path) -> dict[str, str]:
    """Return the kind of each of a model's domains.

    Raises
    ------
    ModelError
        If the folder does not match its manifest.
    """
    check(folder)
    try:
        content = parse_json((folder / MODEL).read_text(encoding="utf-8"))
        return {domain["name"]: domain["kind"] for domain in content["domains"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(folder / MODEL, error) from None


def _read(folder: Path, version: str) -> Model:
    path = folder / MODEL
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        manifests.refuse_format(folder, content["format"])
        return _model(folder, version, content)
    except FameError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"{path} does not describe a model ({error}): run 'fame train' to train a new model"
    )


def _model(folder: Path, version: str, content: Mapping[str, Any]) -> Model:
    domains = content["domains"]
    if not all(0 <= index < len(domains) for index in content["domain_of_template"].values()):
        raise ValueError("a template has no domain")
    return Model(
        version=version,
        recipe=Recipe.from_json(json.dumps(content["recipe"])),
        templates=TemplateSet(tuple(Template(**t) for t in content["templates"])),
        domains=tuple(domain["name"] for domain in domains),
        domain_of_template=content["domain_of_template"],
        facts=tuple(DomainFacts(**{**_NO_LABELS, **domain}) for domain in domains),
        examples=Examples.load(folder),
        load_student=lambda: _load_student(folder, version),
        heads=ValueHeads.load(folder),
        has_encoder=StudentFacts.read(folder).config.has_encoder,
    )


def _load_student(folder: Path, version: str) -> Student:
    """Check the folder again and read the weights, perhaps long after the first check."""
    from fame_sql.students import load_student

    if check(folder)["version"] != version:
        raise ModelError(
            f"{folder} was model {version} when it was opened and has been replaced: open it again"
        )
    return load_student(folder)


def _finish(made: Path, metrics: Mapping[str, Any], parent: str | None) -> str:
    """Complete a folder with metrics, card and manifest, and return its version."""
    (made / METRICS).write_text(as_json(_lasting(metrics)), encoding="utf-8")
    for name in (CARD, MANIFEST):
        (made / name).unlink(missing_ok=True)
    sums = manifests.sums_of(made)
    version = manifests.version_of(sums)
    # Imported here: whoever loads a model needs no card.
    from fame_sql.models.card.card import card

    (made / CARD).write_text(card(made, version, parent), encoding="utf-8")
    manifests.write(made, {**sums, CARD: manifests.sha256(made / CARD)}, parent)
    return version


def _lasting(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out facts of the run."""
    training = metrics.get("training")
    if training is None:
        return dict(metrics)
    kept = {name: value for name, value in training.items() if name not in _OF_THE_RUN}
    return {**metrics, "training": kept}


def _bring_up_to_date(made: Path) -> None:
    """Convert a copied model of an older format to the current one."""
    content = json.loads((made / MODEL).read_text(encoding="utf-8"))
    if content["format"] != FORMAT:
        (made / MODEL).write_text(as_json({**content, "format": FORMAT}), encoding="utf-8")


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder in ``folder``, to be filled and renamed; clean it up."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f".making-{os.getpid()}-{threading.get_ident()}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put_in_place(made: Path, target: Path) -> None:
    """Rename a finished folder, unless the same model exists already."""
    if target.exists() and _is_same(made, target):
        return
    if target.is_symlink():
        # Neither written nor removed through.
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    made.rename(target)


def _is_same(made: Path, target: Path) -> bool:
    try:
        return manifests.hash_of(check(target)) == manifests.hash_of(check(made))
    except ModelError:
        return False


def _refuse_target(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise InputError(f"{target} exists already: name a new folder")
    if not target.absolute().parent.is_dir():
        raise InputError(
            f"{target} cannot be created: the folder {target.absolute().parent} does not exist"
        )
