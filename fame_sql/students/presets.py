"""Choosing a preset: by name, a TOML file, the folder of an encoder, or a model on the hub.

The presets are in ``fame_sql/students/presets.toml``, in the same format as a user's file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.students.config import COMPACT, SIZES, WORDS, WORDS_FIELDS, StudentConfig
from fame_sql.students.network.pretrained import pinned
from fame_sql.students.network.sources import PACKAGE, download

FINE_TUNING_RATE = 1e-4
"""Default learning rate of a pretrained encoder."""

_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(StudentConfig)}

Settings = dict[str, Any]


def presets() -> dict[str, Settings]:
    """Return the settings of each preset by name."""
    text = resources.files("fame_sql.students").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def choose(name: str, *, fetch: bool = False, seed: int | None = None) -> StudentConfig:
    """Return the configuration for a name.

    Parameters
    ----------
    name : str
        A preset; a TOML file; the folder of an encoder; ``package:NAME``; or the name of a model
        on the hub. If several exist, the first of this list is used.
    fetch : bool
        Download from the hub what is not in its local cache; by default the network is not used.
    seed : int, optional
        Seed of the training, instead of the one in the settings.

    Returns
    -------
    StudentConfig
        For pretrained encoders, it contains the digest of the weights that are present now.

    Raises
    ------
    InputError
        If the name is unknown, a setting is unknown or invalid, or the encoders cannot be used.
    """
    settings = _settings(name)
    if seed is not None:
        settings["seed"] = seed
    config = _configured(settings, name)
    if not config.router:
        return config
    if fetch:
        for source in filter(None, (config.router, config.experts)):
            download(source)
    try:
        return pinned(config)
    except InputError as error:
        if name != config.router or name.startswith(PACKAGE):
            raise
        # The name was taken for a model on the hub, but may have been a misspelt preset.
        known = ", ".join(presets())
        raise InputError(f"{error}; the presets are {known}, and a file ends in .toml") from None


def _settings(name: str) -> Settings:
    """Return the settings for a name."""
    path = Path(name).expanduser()
    if name in presets():
        return {"preset": name, **presets()[name]}
    if path.suffix == ".toml":
        return _from_file(path)
    if path.is_dir():
        return {"preset": _label(path.resolve().name), "router": str(path.resolve())}
    return {"preset": _label(name), "router": name}


def _from_file(path: Path) -> Settings:
    """Read a user's file, together with the preset that it is based on."""
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    for part in ("router", "experts"):
        if isinstance(stated.get(part), str):
            stated[part] = _beside(path, stated[part])
    base = stated.pop("preset", None)
    if base is None:
        return {"preset": _unnamed(path, stated), **stated}
    if base not in presets():
        raise InputError(
            f"{path}: preset {base!r} is not known; use one of {', '.join(presets())}, or leave "
            "it out"
        )
    shipped = presets()[base]
    if stated.get("router"):
        # The sizes of the preset are not those of the encoder that is named instead.
        kept = {key: value for key, value in shipped.items() if key not in SIZES}
        return {"preset": _label(path.stem), **kept, **stated}
    return {"preset": base, **shipped, **stated}


def _unnamed(path: Path, stated: Settings) -> str:
    """Return the preset of a file that names none."""
    if stated.get("router"):
        return _label(path.stem)
    return WORDS if set(stated) <= set(WORDS_FIELDS) else COMPACT


def _beside(path: Path, source: str) -> str:
    """Resolve a folder relative to the file; return other sources unchanged."""
    folder = path.parent / Path(source).expanduser()
    return str(folder.resolve()) if source and folder.is_dir() else source


def _label(name: str) -> str:
    return f"own {name}" if name in presets() else name


def _configured(settings: Mapping[str, Any], name: str) -> StudentConfig:
    """Check the name and type of every setting, and build the configuration."""
    for field, value in settings.items():
        if field not in _DEFAULTS:
            allowed = ", ".join(sorted(_DEFAULTS))
            raise InputError(f"{name}: there is no setting {field!r}; use one of {allowed}")
        if not _fits(value, _DEFAULTS[field]):
            kind = _KINDS[type(_DEFAULTS[field])]
            raise InputError(f"{name}: {field} = {value!r} must be {kind}")
        if settings["preset"] == WORDS and field not in WORDS_FIELDS:
            raise InputError(
                f"{name}: {field!r} is a setting of encoders, and preset {WORDS!r} has none: leave "
                f"it out, or use preset {COMPACT!r}"
            )
    # A whole number for a float setting is stored, and hashed, as a float.
    stated = {field: type(_DEFAULTS[field])(value) for field, value in settings.items()}
    if stated.get("router"):
        if own := [size for size in SIZES if size in stated]:
            raise InputError(
                f"{name}: {own[0]} is determined by the pretrained encoder: leave it out, or "
                "leave 'router' out to train an encoder from scratch"
            )
        stated.setdefault("learning_rate", FINE_TUNING_RATE)
    try:
        return StudentConfig(**stated)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


def _fits(value: object, default: object) -> bool:
    """Return whether a value has the type of a default; an int is accepted for a float."""
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
