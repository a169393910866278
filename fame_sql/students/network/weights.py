"""A network in a folder: weights as safetensors, and the shape of its encoders as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.students.config import StudentConfig
from fame_sql.students.generations import Generations
from fame_sql.students.network import encoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

WEIGHTS, ENCODERS = "student.safetensors", "encoder.json"

_TRAIN_AGAIN = "train again with 'fame train --full'"


def write_network(network: nn.ModuleDict, config: StudentConfig, folder: Path) -> None:
    """Write a network into a folder.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`.
    config : StudentConfig
        How it was trained; for the compact preset it defines the encoder's shape.
    folder : Path
        Gets ``student.safetensors`` and, for pretrained encoders, ``encoder.json``.
    """
    from safetensors.torch import save

    weights = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
    (folder / WEIGHTS).write_bytes(save(weights))
    if not config.is_compact:
        stated = json.dumps(encoder.shapes(network), indent=2, sort_keys=True)
        (folder / ENCODERS).write_text(stated + "\n", encoding="utf-8")


def read_network(
    folder: Path,
    config: StudentConfig,
    tokenizer: Tokenizer,
    domains: int,
    experts: int,
    generations: Generations | None,
) -> nn.ModuleDict:
    """Read a network that :func:`write_network` wrote, from its folder alone.

    Parameters
    ----------
    folder : Path
        The folder.
    config : StudentConfig
        How it was trained.
    tokenizer : tokenizers.Tokenizer
        Its tokenizer.
    domains, experts : int
        Number of failure domains, and of mixed ones.
    generations : Generations, optional
        The layers of the anomaly head, if there is more than one.

    Raises
    ------
    ModelError
        If a file is missing, cannot be read, or does not fit the others.
    """
    import torch

    # Building a network must not change the caller's random state.
    with torch.random.fork_rng(devices=[]):
        if config.is_compact:
            network = encoder.build(config, tokenizer, domains, experts)
        else:
            network = _rebuilt(folder / ENCODERS, domains, experts)
    if generations is not None:
        network["anomaly"] = encoder.layers(network, generations.widths)
    _fill(network, folder / WEIGHTS)
    if encoder.vocabulary(network) <= max(tokenizer.get_vocab().values()):
        raise ModelError(f"{folder / WEIGHTS} has fewer tokens than the tokenizer: {_TRAIN_AGAIN}")
    return network


def _rebuilt(path: Path, domains: int, experts: int) -> nn.ModuleDict:
    try:
        return encoder.rebuild(parse_json(path.read_text(encoding="utf-8")), domains, experts)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_TRAIN_AGAIN}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} does not describe encoders ({error}): {_TRAIN_AGAIN}") from None


def _fill(network: nn.ModuleDict, path: Path) -> None:
    """Load the weights into a network; all must be present and finite."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        weights = load(path.read_bytes())
        network.load_state_dict(weights)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_TRAIN_AGAIN}") from None
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{path} does not contain this student's weights ({reason}): {_TRAIN_AGAIN}"
        ) from None
    if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise ModelError(f"{path} contains weights that are not finite numbers: {_TRAIN_AGAIN}")
