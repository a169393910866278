"""The errors that fame-sql raises on purpose: one small tree, each message with a next step."""

from __future__ import annotations


class FameError(Exception):
    """Base of all errors that a user can act on.

    The message names what was wrong, the value, what is allowed and what to do next; the
    command line prints it on one line, without a traceback, and exits with 1.
    """


class InputError(FameError, ValueError):
    """A file, line, label or option that was given cannot be used."""


class WarehouseError(FameError):
    """The warehouse cannot be opened, or is not in the state that was expected."""


class MissingStageError(FameError):
    """A stage was asked for before the stage it builds on.

    Parameters
    ----------
    missing : str
        What is not there yet, for example ``"no labels"``.
    command : str
        The command that makes it, for example ``"fame label"``.
    """

    def __init__(self, missing: str, command: str) -> None:
        self.missing = missing
        self.command = command
        super().__init__(f"{missing}: run '{command}' first")


class ModelError(FameError):
    """A model folder or a published model cannot be used."""


class QueryError(FameError, ValueError):
    """The user's SQL cannot be run."""
