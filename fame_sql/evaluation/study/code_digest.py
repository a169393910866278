"""A digest of the code of the detectors, so that results of other code are never shown."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import fame_sql
from fame_sql import sql, udfs

_LIBRARIES = (
    *("fame-sql", "drain3", "duckdb", "numpy", "onnxruntime", "scikit-learn"),
    *("tokenizers", "torch", "transformers"),
)
# These modules only start a trial or show its results. All others are part of the digest, so that
# a new module cannot be forgotten.
_NOT_IN_TRIALS = frozenset(
    (
        *("cli", "dbt", "ingest", "llm", "pipeline", "planner", "spark", "sql", "storage", "udfs"),
        *("scoring/comparison.py", "training/conversion.py"),
        *("evaluation/champion.py", "evaluation/metrics.py", "evaluation/presentation"),
        *("evaluation/study/claims.py", "evaluation/study/label_curve.py"),
        *("evaluation/study/summary.py", "evaluation/study/weightings.py"),
    )
)
_STATEMENTS_NOT_IN_TRIALS = frozenset(("ingest", "llm", "pipeline", "planner", "storage"))


@cache
def code_digest() -> str:
    """Return a digest of the code that decides the detectors' scores, and of library versions.

    Comments, docstrings and layout of Python are left out, since they change no score.
    """
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library} {_installed(library)}\n".encode())
    for name, path in modules():
        digest.update(name.encode() + without_comments(path.read_text(encoding="utf-8")))
    for name, path in _below(Path(sql.__file__).parent, "*.sql", _STATEMENTS_NOT_IN_TRIALS):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the Python modules in the digest, with their paths inside the package."""
    for package in (fame_sql, udfs):
        yield from _below(Path(str(package.__file__)).parent, "*.py", _NOT_IN_TRIALS)


def _below(folder: Path, pattern: str, left_out: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder, in order, except those in the left-out paths."""
    for path in sorted(folder.rglob(pattern)):
        place = path.relative_to(folder)
        if not {place.as_posix(), *(parent.as_posix() for parent in place.parents)} & left_out:
            yield f"{folder.name}/{place.as_posix()}", path


def _installed(library: str) -> str:
    """Return a library's version, or ``none``: scikit-learn and torch are optional."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def without_comments(source: str) -> bytes:
    """Return the syntax tree of a Python source, without comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree).encode()
