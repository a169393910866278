"""Which commands a server runs for whom."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fame_sql.serve.commands.words import Level, Word, is_file
from fame_sql.serve.refused import RefusedError
from fame_sql.serve.tokens import Holder, Role


@dataclass(frozen=True)
class Allowed:
    """A command that a server runs.

    Parameters
    ----------
    role : Role
        The least role.
    writes : tuple of str
        Options with which it needs a writer.
    without : tuple of str
        Options with which it does not run.
    files : tuple of str
        Parameters that are files and not declared so.
    """

    role: Role
    writes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def needed(self, line: Sequence[Level]) -> Role:
        """Return the role that a line needs."""
        given = (level.is_given(name) for level in line for name in self.writes)
        return Role.WRITER if any(given) else self.role

    def names_file(self, word: Word) -> bool:
        """Return whether a word is a file or a folder."""
        parameter = word.parameter
        if parameter is None or word.is_name:
            return False
        return is_file(parameter) or parameter.name in self.files


@cache
def allowed() -> dict[str, Allowed]:
    """Return the commands that a server runs, by name."""
    text = files(__package__).joinpath("allowed.toml").read_text(encoding="utf-8")
    return {
        name: Allowed(
            Role(given["role"]),
            *(tuple(given.get(each, ())) for each in ("writes", "without", "files")),
        )
        for name, given in tomllib.loads(text).items()
    }


def name_of(line: Sequence[Level]) -> str:
    """Return the name of a command, such as ``queue export``."""
    return " ".join(level.name for level in line)


def find(line: Sequence[Level]) -> Allowed | None:
    """Return what is known of a command, None if a server does not run it."""
    return allowed().get(name_of(line))


def check(line: Sequence[Level], holder: Holder, *, is_owner: bool) -> None:
    """Refuse a command that its sender may not run.

    Parameters
    ----------
    line : sequence of Level
        The command.
    holder : Holder
        Who sends it.
    is_owner : bool
        Whether that is the user who runs the server, on this machine.

    Raises
    ------
    RefusedError
        400 for a command that is not run for anybody, 403 for one that needs other rights.
    """
    found = find(line)
    name = name_of(line) or "this"
    if found is None:
        raise RefusedError(400, f"'fame {name}' does not run while a server holds the warehouse")
    if any(level.is_given(option) for level in line for option in found.without):
        raise RefusedError(400, f"'fame {name}' does not run so while a server holds the warehouse")
    needed = found.needed(line)
    if not (holder.role.may_write or (holder.role.may_read and needed is Role.READER)):
        raise RefusedError(
            403, f"'fame {name}' needs a token of the role {needed}; {holder.name} is {holder.role}"
        )
    if not is_owner and any(_is_outside(found, word) for level in line for word in level.words):
        raise RefusedError(
            403,
            f"'fame {name}' would open files where the server is: only the user who runs the "
            "server may name files",
        )


def _is_outside(found: Allowed, word: Word) -> bool:
    return found.names_file(word) and word.text != "-"
