"""Choosing what reads the messages: a preset by name, a file of one's own, a folder, a model.

The presets are in ``fame_sql/students/presets.toml``, in the form that a user's file has.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.students.config import COMPACT, SIZES, StudentConfig
from fame_sql.students.network.pretrained import pinned
from fame_sql.students.network.sources import PACKAGE, download

FINE_TUNING_RATE = 1e-4
"""The learning rate of a pretrained encoder where none is given."""

_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(StudentConfig)}

Settings = dict[str, Any]


def presets() -> dict[str, Settings]:
    """Return the settings of each preset by its name."""
    text = resources.files("fame_sql.students").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def choose(name: str, *, fetch: bool = False, seed: int | None = None) -> StudentConfig:
    """Return the configuration that a name stands for.

    Parameters
    ----------
    name : str
        A preset; a TOML file; the folder of an encoder; ``package:NAME``; or the name of a model
        on the hub. What comes first in this list is meant where several are of that name.
    fetch : bool
        Ask the hub for what is not in its local cache; otherwise the network is not used.
    seed : int, optional
        Of the training, instead of the one that the settings say.

    Returns
    -------
    StudentConfig
        Of pretrained encoders it names the very weights that lie there now, by their digest.

    Raises
    ------
    InputError
        If there is nothing of that name, a setting is unknown or impossible, or the encoders
        cannot be used.
    """
    settings = _settings(name)
    if seed is not None:
        settings["seed"] = seed
    config = _configured(settings, name)
    if config.is_compact:
        return config
    if fetch:
        for source in filter(None, (config.router, config.experts)):
            download(source)
    try:
        return pinned(config)
    except InputError as error:
        if name != config.router or name.startswith(PACKAGE):
            raise
        # Taken for a model of the hub, which may have been meant for something else.
        known = ", ".join(presets())
        raise InputError(f"{error}; the presets are {known}, and a file ends in .toml") from None


def _settings(name: str) -> Settings:
    """Return the fields that a name stands for."""
    path = Path(name).expanduser()
    if name in presets():
        return {"preset": name, **presets()[name]}
    if path.suffix == ".toml":
        return _from_file(path)
    if path.is_dir():
        return {"preset": _label(path.resolve().name), "router": str(path.resolve())}
    return {"preset": _label(name), "router": name}


def _from_file(path: Path) -> Settings:
    """Read a user's file, with the preset that it begins with."""
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from None
    for part in ("router", "experts"):
        if isinstance(stated.get(part), str):
            stated[part] = _beside(path, stated[part])
    begun = stated.pop("preset", None)
    if begun is None:
        return {"preset": _label(path.stem) if stated.get("router") else COMPACT, **stated}
    if begun not in presets():
        raise InputError(
            f"{path}: preset {begun!r} is not known; begin with {', '.join(presets())}, or leave "
            "it out"
        )
    shipped = presets()[begun]
    if stated.get("router"):
        # Sizes of an encoder from scratch are not those of the one that is named instead.
        kept = {key: value for key, value in shipped.items() if key not in SIZES}
        return {"preset": _label(path.stem), **kept, **stated}
    return {"preset": begun, **shipped, **stated}


def _beside(path: Path, source: str) -> str:
    """Return a folder that is named from where the file lies; other sources as they are."""
    folder = path.parent / Path(source).expanduser()
    return str(folder.resolve()) if source and folder.is_dir() else source


def _label(name: str) -> str:
    return f"own {name}" if name in presets() else name


def _configured(settings: Mapping[str, Any], name: str) -> StudentConfig:
    """Check every field's name and type, and build the configuration."""
    for field, value in settings.items():
        if field not in _DEFAULTS:
            allowed = ", ".join(sorted(_DEFAULTS))
            raise InputError(f"{name}: there is no setting {field!r}; there are {allowed}")
        if not _fits(value, _DEFAULTS[field]):
            kind = _KINDS[type(_DEFAULTS[field])]
            raise InputError(f"{name}: {field} = {value!r} must be {kind}")
    # A whole number is stored, and hashed, as the number with a fraction that it stands for.
    stated = {field: type(_DEFAULTS[field])(value) for field, value in settings.items()}
    if stated.get("router"):
        if own := [size for size in SIZES if size in stated]:
            raise InputError(
                f"{name}: {own[0]} is the pretrained encoder's own: leave it out, or leave "
                "'router' out to train one from scratch"
            )
        stated.setdefault("learning_rate", FINE_TUNING_RATE)
    try:
        return StudentConfig(**stated)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


def _fits(value: object, default: object) -> bool:
    """Return whether a value is of a default's type; a whole number is a number as well."""
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
