"""The inputs of a comparison of costs: numbers, each with its meaning and where it comes from."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from fame_sql.errors import InputError
from fame_sql.files import read_text

Kind = Literal["given", "assumed", "measured", "yours"]
_AT_LEAST = {
    "lines_per_request": 1,
    "lines_per_batch": 1,
    "window_minutes": 0.001,
    "lines_per_second": 1,
}
_SHARES = ("false_window_share_llm", "false_window_share_rules", "unknown_share")


@dataclass(frozen=True)
class Input:
    """One input.

    Parameters
    ----------
    name : str
        Its name.
    value : float
        Its value.
    kind : {"given", "assumed", "measured", "yours"}
        From a source, assumed by fame-sql, measured in the warehouse, or set by the user.
    what : str
        What it is, with its unit.
    source : str
        Where the value comes from; may be empty.
    """

    name: str
    value: float
    kind: Kind
    what: str
    source: str = ""


Inputs = dict[str, Input]


@cache
def _shipped(name: str) -> dict[str, Any]:
    path = files("fame_sql.operations.costs").joinpath(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def default_inputs() -> Inputs:
    """Return the inputs without a warehouse."""
    return {name: Input(name, **facts) for name, facts in _shipped("inputs").items()}


def published() -> dict[str, Any]:
    """Return the published figures and what they are computed from, by scenario."""
    return _shipped("published")


def changed(inputs: Inputs, values: Mapping[str, object], kind: Kind, source: str = "") -> Inputs:
    """Return inputs with other values.

    Raises
    ------
    InputError
        If a name or a value is wrong.
    """
    found = dict(inputs)
    for name, value in values.items():
        if name not in found:
            raise InputError(
                f"{name!r} is no input of 'fame cost': use one of {', '.join(sorted(found))}"
            )
        number = _number(name, value)
        found[name] = replace(found[name], value=number, kind=kind, source=source)
    return found


def _number(name: str, value: object) -> float:
    least = _AT_LEAST.get(name, 0)
    try:
        number = float(str(value).replace("_", "").replace(",", ""))
    except ValueError:
        number = math.nan
    most = 1.0 if name in _SHARES else math.inf
    if not least <= number <= most or not math.isfinite(number):
        upper = f" to {most:g}" if math.isfinite(most) else " or more"
        raise InputError(f"{name} is {value!r}: give a number of {least:g}{upper}")
    return number


def read_inputs(path: Path, inputs: Inputs) -> Inputs:
    """Return inputs with the values of a file that :func:`to_toml` wrote and a person edited.

    Raises
    ------
    InputError
        If the file cannot be read, or a name or a value in it is wrong.
    """
    try:
        document = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path} is not TOML ({error}): 'fame cost --write-inputs FILE' writes such a file"
        ) from None
    values = {n: v.get("value") if isinstance(v, dict) else v for n, v in document.items()}
    checked = changed(inputs, values, "yours", path.name)
    kept = {name for name in values if checked[name].value == inputs[name].value}
    return {name: inputs[name] if name in kept else found for name, found in checked.items()}


def split_settings(settings: Iterable[str]) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts as a dictionary.

    Raises
    ------
    InputError
        If a text has no equals sign.
    """
    pairs = [setting.partition("=") for setting in settings]
    for name, equals, _ in pairs:
        if not equals:
            raise InputError(f"--set {name!r} is not NAME=VALUE, such as lines_per_day=5_000_000")
    return {name.strip(): value.strip() for name, _, value in pairs}


def to_toml(inputs: Inputs) -> str:
    """Return the inputs as a file to edit."""
    return "\n".join(
        f"# {given.what} ({given.kind}{': ' + given.source if given.source else ''})\n"
        f"{given.name} = {_written(given.value)}\n"
        for given in inputs.values()
    )


def _written(value: float) -> str:
    """Return a number as TOML has it: the same when it is read again."""
    return str(int(value)) if value == int(value) else repr(value)
