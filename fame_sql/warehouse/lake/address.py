"""Where a lake is: its catalogue and its data, as a small file names them.

A command names a warehouse by a path, and keeps models and marks beside it. So a lake has a file
too, ``warehouse.lake``, two lines of TOML, which can be copied to any machine. A password has no
place in it: PostgreSQL's client takes ``$PGPASSWORD`` or ``~/.pgpass``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from fame_sql.errors import WarehouseError
from fame_sql.files import write_text
from fame_sql.warehouse.comments import descriptions

SUFFIX = ".lake"
"""The ending of a file that names a lake."""
PREFIX = "ducklake:"
"""How DuckDB calls a lake."""
STATE = "FAME_HOME"
"""The variable with the folder for what belongs to lakes that have no file of their own."""

_POSTGRES = "postgres:"
_SECRET = re.compile(r"(?i)(?:\bpassword\s*=\s*|[?&]password=)\S|//[^/@:\s]*:[^/@\s]+@")
_OTHERS = re.compile(r"^(?:sqlite|mysql|quack|motherduck|md):", re.IGNORECASE)
# DuckDB calls the database by what follows the last slash, and PostgreSQL's client takes any name.
_NAMED = "application_name=fame-sql{}/lake"
_NAMES = re.compile(r"[ &?]application_name=fame-sql[-0-9]*/lake$")


@dataclass(frozen=True)
class LakeAddress:
    """A lake.

    Parameters
    ----------
    catalogue : str
        ``postgres:`` and what PostgreSQL's client takes, or the path of a DuckDB file.
    data : str or None
        The folder or bucket of the Parquet files; None if only the catalogue knows it.
    """

    catalogue: str
    data: str | None = None

    @property
    def is_shared(self) -> bool:
        """Whether several processes can use the catalogue at once."""
        return self.catalogue.startswith(_POSTGRES)

    @property
    def for_duckdb(self) -> str:
        """What DuckDB attaches, so that it calls the database by a plain name."""
        return self.as_program("")

    def as_program(self, suffix: str) -> str:
        """Return what DuckDB attaches, with a suffix to the name that PostgreSQL shows for it."""
        if not self.is_shared:
            return PREFIX + self.catalogue
        told = self.catalogue.removeprefix(_POSTGRES)
        joint = " " if "://" not in told else "&" if "?" in told else "?"
        return f"{PREFIX}{_POSTGRES}{told}{joint}{_NAMED.format(suffix)}"

    def __str__(self) -> str:
        return PREFIX + self.catalogue


def parse_address(text: str, data: str | None = None) -> LakeAddress:
    """Return the lake that a person names.

    Parameters
    ----------
    text : str
        ``ducklake:postgres:…`` or ``ducklake:FILE``, with or without ``ducklake:``.
    data : str, optional
        The folder or bucket of the Parquet files.

    Raises
    ------
    WarehouseError
        If the text holds a password, which is not repeated, or names a catalogue that loses
        commits of several writers.
    """
    catalogue = text.removeprefix(PREFIX)
    # A path loses one of two slashes.
    catalogue = re.sub(r"^postgres:(postgres(?:ql)?):/(?!/)", r"postgres:\1://", catalogue)
    if _SECRET.search(catalogue):
        raise WarehouseError(
            "the address of a lake holds a password: leave it out, and put it into $PGPASSWORD or "
            "~/.pgpass, which PostgreSQL's client reads"
        )
    if not catalogue or _OTHERS.match(catalogue):
        kind = catalogue.partition(":")[0] or "nothing"
        raise WarehouseError(
            f"the catalogue of a lake cannot be {kind}: take 'ducklake:postgres:dbname=logs "
            "host=…' for many writers, or 'ducklake:metadata.ducklake', a file, for one process"
        )
    if not catalogue.startswith(_POSTGRES):
        catalogue = str(Path(catalogue).absolute())
        stem = Path(catalogue).stem.lower()
        if stem == "fame" or stem in descriptions()["relations"]:
            raise WarehouseError(
                f"a catalogue cannot be called {Path(catalogue).name}: DuckDB names the database "
                f"after it, and then '{stem}.body' could mean two things; take 'lake.ducklake'"
            )
    return LakeAddress(catalogue, None if data is None else _absolute(data))


def is_lake_path(path: Path | str) -> bool:
    """Return whether a path names a lake: ``ducklake:…`` or a file that ends with ``.lake``."""
    return str(path).startswith(PREFIX) or Path(path).suffix == SUFFIX


def named_lake(path: Path | str) -> tuple[Path, LakeAddress]:
    """Return the file that stands for a lake, and the lake.

    Raises
    ------
    WarehouseError
        If there is no such file, or it does not name a lake.
    """
    if not str(path).startswith(PREFIX):
        return Path(path), read_address(Path(path))
    address = parse_address(str(path))
    file = _home() / hashlib.sha256(address.catalogue.encode()).hexdigest()[:16] / f"lake{SUFFIX}"
    return file, address


def file_for(catalogue: str) -> Path:
    """Return the file that stands for a lake without one, from its catalogue as DuckDB shows it."""
    return named_lake(PREFIX + _NAMES.sub("", catalogue))[0]


def read_address(path: Path) -> LakeAddress:
    """Return the lake that a file names.

    Raises
    ------
    WarehouseError
        If the file cannot be read, or does not name a lake.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        catalogue, data = found["catalogue"], found.get("data")
        if not isinstance(catalogue, str) or not isinstance(data, str | None):
            raise TypeError
    except FileNotFoundError:
        raise WarehouseError(
            f"there is no lake at {path}: run 'fame init --lake ducklake:CATALOGUE --data FOLDER "
            f"--warehouse {path}' to make one, or to name one that is there"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        raise WarehouseError(
            f"{path} does not name a lake: it has to hold a line such as catalogue = "
            "\"postgres:dbname=logs host=db\"; write it with 'fame init --lake'"
        ) from None
    return parse_address(catalogue, data)


def write_address(path: Path, address: LakeAddress, *, force: bool = False) -> None:
    """Write the file that names a lake."""
    lines = ["# A warehouse of fame-sql in a lake: copy this file to any machine.\n"]
    lines.append(f"catalogue = {json.dumps(address.catalogue)}\n")
    if address.data is not None:
        lines.append(f"data = {json.dumps(address.data)}\n")
    write_text(path, "".join(lines), force=force)


def _absolute(data: str) -> str:
    folder = data if "://" in data else str(Path(data).absolute())
    return folder.rstrip("/") + "/"


def _home() -> Path:
    """Return the folder for lakes without a file: ``$FAME_HOME``, or below the user's cache."""
    given = os.environ.get(STATE)
    if given:
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "fame-sql"
