"""The architecture of an encoder without its weights: describing it and rebuilding it.

A description is the JSON that ``transformers`` writes. It is only data: code that it may name is
neither fetched nor run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from safetensors import SafetensorError

from fame_sql.errors import InputError
from fame_sql.files import parse_json

if TYPE_CHECKING:
    from torch import nn

# Entries of a description that are ignored: they name the author's code, which is never run (as a
# class, an implementation of attention or a quantizer), or where the encoder came from.
IGNORED = frozenset(
    {
        "architectures",
        "attn_implementation",
        "auto_map",
        "experts_implementation",
        "quantization_config",
        "transformers_version",
    }
)

UNREADABLE = (
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)


def shape(model: nn.Module) -> dict[str, Any]:
    """Return what :func:`from_shape` needs, as JSON types."""
    return _without_code(json.loads(cast("Any", model).config.to_json_string()))


def from_shape(stated: dict[str, Any]) -> nn.Module:
    """Build an encoder that is then filled with weights.

    Parameters
    ----------
    stated : dict
        From :func:`shape`.

    Raises
    ------
    ValueError
        If it is not the shape of an encoder.
    """
    from transformers import AutoModel

    def build(attention: str) -> Any:
        return AutoModel.from_config(
            configuration(stated), attn_implementation=attention, trust_remote_code=False
        )

    try:
        with quiet():
            model = with_attention(build)
    except UNREADABLE as error:
        raise ValueError(reason(error)) from None
    return without_pooler(model)


def read_stated(folder: Path) -> dict[str, Any]:
    """Read the description of the encoder in a folder."""
    path = folder / "config.json"
    try:
        stated = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from None
    if not isinstance(stated, dict):
        raise InputError(f"{path} does not describe an encoder: it is not a JSON object")
    return stated


def _without_code(stated: dict[str, Any]) -> dict[str, Any]:
    """Return a description without the entries that are ignored."""
    return {
        name: value
        for name, value in stated.items()
        if name not in IGNORED and not name.startswith("_")
    }


def configuration(stated: dict[str, Any]) -> Any:
    """Return the configuration of ``transformers`` for a description."""
    from transformers import AutoConfig

    known = _without_code(stated)
    return AutoConfig.for_model(known.pop("model_type"), **known)


def with_attention(make: Callable[[str], Any]) -> Any:
    """Make a model with torch's attention if it supports that; never with one that a file names."""
    try:
        return make("sdpa")
    except ValueError:
        return make("eager")


def without_pooler(model: Any) -> nn.Module:
    """Return the encoder without its pooling layer."""
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return cast("nn.Module", model)


def width(model: nn.Module) -> int:
    """Return the width of an encoder's vectors."""
    return int(cast("Any", model).config.hidden_size)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from printing while the block runs."""
    from transformers.utils import logging

    verbosity, shows = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shows:
            logging.enable_progress_bar()


def reason(error: BaseException) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
