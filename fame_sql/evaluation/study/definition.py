"""What a detector is made of, as a digest: findings of another definition are never shown."""

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
# What is named here only starts a trial or shows what it found; all else counts, so that a new
# module cannot be forgotten.
_NOT_IN_TRIALS = frozenset(
    (
        *("cli", "dbt", "ingest", "llm", "pipeline", "planner", "spark", "sql", "storage", "udfs"),
        *("scoring/comparison.py", "training/conversion.py"),
        *("evaluation/champion.py", "evaluation/metrics.py", "evaluation/report"),
        *("evaluation/study/claims.py", "evaluation/study/label_curve.py"),
        *("evaluation/study/summary.py", "evaluation/study/weightings.py"),
    )
)
_STATEMENTS_NOT_IN_TRIALS = frozenset(("ingest", "llm", "pipeline", "planner", "storage"))


@cache
def definition() -> str:
    """Return a digest of the code that a detector's scores rest on, and of the libraries' versions.

    Comments, docstrings and layout of Python are left out: they change no score.
    """
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        digest.update(f"{library} {_installed(library)}\n".encode())
    for name, path in modules():
        digest.update(name.encode() + meaning(path.read_text(encoding="utf-8")))
    for name, path in _below(Path(sql.__file__).parent, "*.sql", _STATEMENTS_NOT_IN_TRIALS):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the Python modules that a definition holds, with their names below the package."""
    for package in (fame_sql, udfs):
        yield from _below(Path(str(package.__file__)).parent, "*.py", _NOT_IN_TRIALS)


def _below(folder: Path, pattern: str, left_out: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder that do not lie in what is left out, in order."""
    for path in sorted(folder.rglob(pattern)):
        place = path.relative_to(folder)
        if not {place.as_posix(), *(parent.as_posix() for parent in place.parents)} & left_out:
            yield f"{folder.name}/{place.as_posix()}", path


def _installed(library: str) -> str:
    """Return a library's version; scikit-learn and torch score nothing where they are not."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def meaning(source: str) -> bytes:
    """Return what of a Python source changes results: all but comments, docstrings and layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree).encode()
