"""The exceptions that fame-sql raises deliberately; each message names the next step."""

from __future__ import annotations


class FameError(Exception):
    """Base class of all errors that a user can act on.

    The message names what was wrong, the value, what is allowed and what to do next. The
    command line prints it on one line, without a traceback, and exits with status 1.
    """


class InputError(FameError, ValueError):
    """A given file, line, label or option cannot be used."""


class WarehouseError(FameError):
    """The warehouse cannot be opened or is not in the expected state."""


class HeldError(WarehouseError):
    """Another process holds the warehouse; what was tried can succeed later."""


class ConflictError(WarehouseError):
    """Another process changed the same tables of a lake first; nothing of this one is stored."""


class MissingStageError(FameError):
    """A stage cannot run before an earlier stage has run.

    Parameters
    ----------
    missing : str
        What is missing, for example ``"no labels"``.
    command : str
        The command that creates it, for example ``"fame label"``.
    """

    def __init__(self, missing: str, command: str) -> None:
        self.missing = missing
        self.command = command
        super().__init__(f"{missing}: run '{command}' first")


class ModelError(FameError):
    """A model folder or a published model cannot be used."""


class QueryError(FameError, ValueError):
    """The user's SQL cannot be run."""
