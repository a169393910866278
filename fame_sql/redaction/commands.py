"""Masking of what a command line says of secrets, accounts and hosts, by what its program takes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fame_sql.redaction.checks.hosts import OF_PROGRAMS
from fame_sql.redaction.words import is_known, is_state, is_word, words

# An argument, whether a shell, a list in JSON or an audit (a1="…") separates them.
_ARGUMENT = re.compile(
    r"(?:[\s,]|\Aa?|(?<=[\[(]))\s{0,3}(?:a[0-9]{1,2}=)?"
    r"(?:\"((?:[^\"\\\n]|\\.){0,256}+)\"|'([^'\n]{0,256}+)'|([^\s\"'|;&,\]]{1,256}+(?:[;&,](?=\w)[^\s\"'|;&,\]]{1,256}+){0,4}))"
)
_WORD = re.compile(r"[\w.-]+")
_END = re.compile(r"\s{0,3}(?:\||;|&&|\n|>|2>)")
_MOST_ARGUMENTS = 24
_PAIR = re.compile(r"[^\s:%,/]{1,64}[:%,/][^\s]{1,128}\Z")
_ADDRESS = re.compile(
    r"(?![a-z+]{1,12}://)(?:[\\/]{2,4}|@)?(?:([\w.-]{1,64})@)?([A-Za-z][\w.-]{0,252})(?=[:/\\%,]|\Z)"
)
_AT_NUMBER = re.compile(r"([A-Za-z][\w.-]{0,63})@[0-9\[]")
_MASKED = {"secret": "<secret>", "user": "<user>", "host": "<host>", "pair": "<secret>"}
_REMOTE = re.compile(r"[\w.@-]{1,128}(?::(?!/{2}|[0-9]{1,9}\Z)|\Z)")


@dataclass(frozen=True)
class Command:
    """What the arguments of a program are.

    Parameters
    ----------
    options : dict
        What stands after an option, by the option: secret, user, host, pair (of user and
        password), remote (a file, perhaps on a host) or other.
    attached : dict
        The same for what stands in one word with a short option, as in ``-ppassword``.
    places : tuple of str
        What stands at each place without an option; the last is repeated if it ends with ``*``.
    """

    options: dict[str, str]
    attached: dict[str, str]
    places: tuple[str, ...]


@cache
def _commands() -> dict[str, Command]:
    text = files("fame_sql.redaction").joinpath("commands.toml").read_text(encoding="utf-8")
    found: dict[str, Command] = {}
    for row in tomllib.loads(text)["command"]:
        options = {o: role for role in _ROLES for o in row.get(role, "").split()}
        plain = {o: role for o, role in options.items() if not o.endswith("*")}
        both = {o[:-1]: role for o, role in options.items() if o.endswith("*")}
        alone = {o: role for o, role in both.items() if o not in row.get("only_attached", "")}
        command = Command({**plain, **alone}, both, tuple(row.get("places", "").split()))
        found |= dict.fromkeys(row["names"].split("; "), command)
    return found


_ROLES = ("secret", "user", "host", "pair", "other")


def is_program(word: str) -> bool:
    """Return whether a word is the name of a program whose arguments are known."""
    return word in _commands()


@cache
def _first_words() -> frozenset[str]:
    return frozenset(name.split()[0] for name in _commands())


@cache
def _programs() -> re.Pattern[str]:
    names = sorted(_commands(), key=len, reverse=True)
    between = r"(?:\.exe)?(?:\s{1,3}|[\"'],\s?[\"'])"
    spaced = (between.join(map(re.escape, n.split())) for n in names)
    return re.compile(rf"(?<![\w.<-])(?:{'|'.join(spaced)})(?:\.exe)?(?=[\s\"'])", re.IGNORECASE)


def mask_commands(text: str) -> tuple[str, int]:
    """Return a text with what its command lines tell masked, and how much was."""
    lowered = (word.removesuffix(".exe") for word in _WORD.findall(text.lower()))
    if text.isascii() and _first_words().isdisjoint(lowered):
        return text, 0
    kept: list[str] = []
    end = masked = 0
    for program in _programs().finditer(text):
        if program.start() < end:
            continue
        name = " ".join(re.findall(r"[\w.-]+", program.group().lower().replace(".exe", "")))
        for start, stop, role in _found(text, program.end(), _commands()[name]):
            if start < end:
                continue
            kept += (text[end:start], _MASKED[role])
            end = stop
            masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


def _arguments(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield where each argument of a command lies, without its quotes."""
    if text[at : at + 1] in ("'", '"'):  # the program itself is quoted
        at += 1
    for _ in range(_MOST_ARGUMENTS):
        found = None if _END.match(text, at) else _ARGUMENT.match(text, at)
        if found is None:
            return
        yield found.span(found.lastindex or 0)
        at = found.end()


def _found(text: str, at: int, command: Command) -> Iterator[tuple[int, int, str]]:
    """Yield where a command line names what is masked, and what that is."""
    role: str | None = None
    place = 0
    is_command = False  # an option before it says that a word is an argument, not a sentence
    for start, stop in _arguments(text, at):
        word = text[start:stop]
        if not re.search(r"\w", word):  # 'passwd = …' of SQL
            return
        if role is not None and not word.startswith("-"):
            yield from _spans(word, start, role, announced=True)
            role = None
        elif word[:1] in ("-", "/") and len(word) > 1 and _is_option(word, command):
            is_command = True
            option, joint, value = _divided(word, command)
            role = command.options.get(option)
            if joint:
                known = command.attached.get(option) or role
                yield from _spans(value, stop - len(value), known or "other", announced=True)
                role = None
        elif word in command.options:  # a word without a hyphen, as of nmcli
            role = command.options[word]
        else:
            role = None
            yield from _spans(word, start, _at_place(command, place), announced=is_command)
            place += 1


def _at_place(command: Command, place: int) -> str:
    """Return what stands at a place without an option."""
    if not command.places:
        return "other"
    last = command.places[-1]
    if place < len(command.places) or last.endswith("*"):
        return command.places[min(place, len(command.places) - 1)].rstrip("*")
    return "other"


def _is_option(word: str, command: Command) -> bool:
    return word[0] == "-" or _divided(word, command)[0] in command.options


def _divided(word: str, command: Command) -> tuple[str, str, str]:
    """Return an option, what joins it to a value in the same word, and that value."""
    option, joint, value = word.partition(":" if word[0] == "/" else "=")
    if joint and (option in command.options or option.startswith("--")):
        return option, joint, value.strip("\"'")
    if word in command.options or is_word(word[1:].lower()):
        return word, "", ""
    for short in command.attached:
        if word.startswith(short) and len(word) > len(short):
            return short, " ", word[len(short) :].strip("\"'")
    return word, "", ""


def _spans(word: str, start: int, role: str, *, announced: bool) -> Iterator[tuple[int, int, str]]:
    """Yield what is masked of a word with a role."""
    if role == "other" or not word or word[0] == "<" or is_state(word):
        return
    if not announced and role != "secret" and is_known(word.lower()):
        return
    if role == "remote":
        role = "host" if _REMOTE.match(word) and re.search(r"[:@]", word) else "other"
    if role == "host":
        yield from _host(word, start)
    elif role == "other":
        return
    elif role == "pair":
        if _PAIR.match(word) and not re.match(r"[0-9]{1,6}:[0-9]{1,6}\Z|<", word):
            yield start, start + len(word), "pair"
        elif announced:
            yield from _spans(word, start, "user", announced=True)
    elif role == "user":
        if word.lower() not in words("system_accounts") and not word.isdigit() and word[-1] != "-":
            yield start, start + len(word), "user"
    elif not re.fullmatch(r"[0-9]{1,5}(?::[0-9]{1,5})?|/.*|[{$(].*", word):
        yield start, start + len(word), "secret"


def _host(word: str, start: int) -> Iterator[tuple[int, int, str]]:
    found = _ADDRESS.match(word)
    if found is None:
        found = _AT_NUMBER.match(word)
        if found is not None and found[1].lower() not in words("system_accounts"):
            yield start, start + found.end(1), "user"
        return
    if found[1] is not None and found[1].lower() not in words("system_accounts"):
        yield start + found.start(1), start + found.end(1), "user"
    name = found[2].lower()
    if name != "localhost" and not OF_PROGRAMS.match(name) and name not in words("programs"):
        yield start + found.start(2), start + found.end(2), "host"
