"""What a detector is made of, as a digest: findings of another definition are never shown."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import fame_sql
from fame_sql import sql

_PACKAGE = Path(fame_sql.__file__).parent
_SHARED = (
    "canonical.py",
    "evaluation/baselines.py",
    "evaluation/splits.py",
    "evaluation/trials.py",
    "events.py",
    "labels",
    "novelty.py",
    "templates.py",
)
_TRAINED = (
    "domains/offline.py",
    "domains/partition.py",
    "domains/store.py",
    "evaluation/students.py",
    "model.py",
    "students",
    "training.py",
)
_STATEMENTS = ("domains", "evaluation", "events", "labels", "students", "templates")


@cache
def definition(*, trained: bool) -> str:
    """Return a digest of the package's version and of the code that a detector's scores rest on.

    Comments, docstrings and layout are left out: they change no score.

    Parameters
    ----------
    trained : bool
        Whether the detector trains students, or only reads templates and labels.
    """
    digest = hashlib.sha256(version("fame-sql").encode())
    for name in (*_SHARED, *(_TRAINED if trained else ())):
        for path in _modules(_PACKAGE / name):
            digest.update(path.name.encode() + meaning(path.read_text(encoding="utf-8")))
    for folder in _STATEMENTS:
        for statement in sql.names(folder):
            digest.update(statement.encode() + sql.load(statement).encode())
    return digest.hexdigest()


def _modules(place: Path) -> list[Path]:
    """Return a module, or every module below a folder."""
    return [place] if place.suffix else sorted(place.rglob("*.py"))


def meaning(source: str) -> bytes:
    """Return what of a Python source changes results: all but comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree).encode()
