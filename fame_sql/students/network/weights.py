"""A network in a folder: its weights as safetensors, and what rebuilds its encoders as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql.errors import ModelError
from fame_sql.students.config import StudentConfig
from fame_sql.students.generations import Generations
from fame_sql.students.network import encoder

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

WEIGHTS, ENCODERS = "student.safetensors", "encoder.json"

_AGAIN = "train anew with 'fame train'"


def write_network(network: nn.ModuleDict, config: StudentConfig, folder: Path) -> None:
    """Write a network into a folder.

    Parameters
    ----------
    network : torch.nn.ModuleDict
        From :func:`fame_sql.students.network.encoder.build`.
    config : StudentConfig
        How it was made; that of the compact preset says all of the encoder's shape.
    folder : Path
        Gets ``student.safetensors``, and ``encoder.json`` of pretrained encoders.
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
    """Read a network that :func:`write_network` wrote; nothing else than the folder is needed.

    Parameters
    ----------
    folder : Path
        The folder.
    config : StudentConfig
        How it was made.
    tokenizer : tokenizers.Tokenizer
        What it reads by.
    domains, experts : int
        Failure domains, and mixed ones.
    generations : Generations, optional
        Of the layers of the anomaly head.

    Raises
    ------
    ModelError
        If a file is missing, cannot be read, or does not fit the others.
    """
    import torch

    # Leaves torch's random state to its owner.
    with torch.random.fork_rng(devices=[]):
        if config.is_compact:
            network = encoder.build(config, tokenizer, domains, experts)
        else:
            network = _rebuilt(folder / ENCODERS, domains, experts)
    if generations is not None:
        network["anomaly"] = encoder.layers(network, generations.widths)
    _fill(network, folder / WEIGHTS)
    if encoder.vocabulary(network) <= max(tokenizer.get_vocab().values()):
        raise ModelError(f"{folder / WEIGHTS} knows fewer tokens than the tokenizer: {_AGAIN}")
    return network


def _rebuilt(path: Path, domains: int, experts: int) -> nn.ModuleDict:
    try:
        return encoder.rebuild(json.loads(path.read_text(encoding="utf-8")), domains, experts)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_AGAIN}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} does not describe encoders ({error}): {_AGAIN}") from None


def _fill(network: nn.ModuleDict, path: Path) -> None:
    """Read the weights into a network, all of them and finite."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        weights = load(path.read_bytes())
        network.load_state_dict(weights)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): {_AGAIN}") from None
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{path} does not hold this student's weights ({reason}): {_AGAIN}"
        ) from None
    if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise ModelError(f"{path} holds weights that are not finite numbers: {_AGAIN}")
