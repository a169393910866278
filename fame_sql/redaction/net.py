"""The net under the kinds: what a word looks like and where it stands, whatever its form.

The kinds know forms. What they leave is caught here if it is no word, no number and no identifier
of programs. How much is caught depends on what the line is about: in any line, words that nobody
knows and random runs; in lines about secrets and on command lines, all that mixes letters with
digits or signs.
"""

from __future__ import annotations

import re
from functools import cached_property
from re import Match

from fame_sql.redaction.identifiers import is_code, is_measure, looks_random
from fame_sql.redaction.loose_numbers import mask_loose_numbers
from fame_sql.redaction.words import (
    is_known,
    is_known_abbreviation,
    is_state,
    parts,
    says_password,
    words,
)

# Not in a path, a URL or an escape, but behind a domain, a % and the letter of an option.
_BEGINS = r"(?:(?<![\w<.@\\%$~&-])|(?<=%)(?![0-9A-Fa-f]{2})|(?<=[A-Z>]\\)|(?<=[\s'\"]-[pPkwWaA]))"
_TOKEN = re.compile(
    r"(?<![\w<./@\\%$~&#-])(?:[a-z]\.[a-z]{4,20}|[a-z]{3,20}\.[a-z])(?![\w./@:=(-])|"  # an initial
    rf"{_BEGINS}[A-Za-z0-9][\w!#$@*+-]{{1,127}}(?<=[\w!#$*])(?![\w!#$@*+-])={{0,2}}"
)
_COMMAND_LINE = re.compile(
    r"(?:^|[\s\"',])-{1,2}[A-Za-z][\w-]{0,40}(?=[\s=\"':]|$)|(?:^|\s)[$#>+] [a-z]|"
    r"\s/(?:add|user|u|p|r[up]|domain|delete|pass(?:word)?|v|t[nr])(?=[:\s]|$)|"
    r"(?i:\b(?:(?:exec(?:ve)?|cmd|command|run|sh|bash|invoke|launching):?|arg[sv]:)\s)"
)
_WORD = re.compile("[a-z]+")
_HYPHENATED = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+){1,2}")
_CAMEL = re.compile(r"[a-z]{2,}(?:[A-Z][a-z]+){1,2}")
_CAPITAL = re.compile(r"[A-Z][a-z]{4,20}")
_SHORT_NAME = re.compile(r"[A-Z][a-z]{3,}|[A-Z]{5,}")
# Not after a word with a capital, as in 'Apache Felix'.
_IN_SENTENCE = re.compile(
    r"(?:(?<![A-Za-z])(?:[a-z]+|Hi|Hello|Hallo|Dear|Welcome|Regards|User|Patient|By|From|For),? |"
    r", |[\"'=(])\Z"
)
_NUMBERED_HOST = re.compile(
    r"[a-z]{2,10}[0-9]{0,2}(?:-[a-z]{2,10}[0-9]{0,2}){0,3}(?:-[a-z]{0,3}[0-9]{1,3})?"
)
_NUMBERED_NAME = re.compile("[a-z]{4,}[0-9]{1,4}")
_ACCOUNT_BEFORE = re.compile(r"\b(?:users?|accounts?|log[io]n|member|owner|as) ['\"]?\Z")
_AT_ADDRESS = re.compile(r"@<(?:ip|host)>")
_PORT = re.compile(r":(?:22|25|53|80|143|389|443|514|636|993|[1-9][0-9]{3,4})(?![\w.:])")
_LABEL = re.compile(r"[\"'\\]{0,3}\s?(?:=(?![=>])|:)|[\[(\\@%.+]")
_NUMBER_FOLLOWS = re.compile(r" (?:[0-9(+]|<number>)")
_BEFORE = 20
_SHORTEST_WORD = 4
_SHORTEST_PART = 5
_LONG_CODE = 10


def mask_net(text: str) -> tuple[str, int]:
    """Return a text with what looks like no word, number or identifier masked, and how often."""
    text, masked = mask_loose_numbers(text)
    tokens = list(_TOKEN.finditer(text))
    line = _Line(text, tokens)
    kept: list[str] = []
    end = 0
    for token in tokens:
        if line.catches(token):
            kept += (text[end : token.start()], "<token>")
            end = token.end()
            masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


class _Line:
    """What a line is about, which decides how much of it is caught."""

    def __init__(self, text: str, tokens: list[Match[str]]) -> None:
        self.text = text
        self._tokens = tokens
        self._topics = set(_WORD.findall(text.lower().replace("<token>", "")))
        self.says_password = self._has("passwords") or any(map(says_password, self._topics))

    def _has(self, topic: str) -> bool:
        return not self._topics.isdisjoint(words(topic))

    # Most lines have no token that asks for these.
    @cached_property
    def is_command(self) -> bool:
        return _COMMAND_LINE.search(self.text) is not None

    @cached_property
    def is_sensitive(self) -> bool:
        return self.says_password or self._has("access") or self.is_command

    @cached_property
    def names_hosts(self) -> bool:
        return self.is_sensitive or self._has("machines")

    @cached_property
    def is_prose(self) -> bool:
        return self.is_command or (not self._has("foreign") and self._is_known())

    def _is_known(self) -> bool:
        """Return whether half of the words are known, so that another one says something."""
        found = [
            is_known(part)
            for token in self._tokens
            if not _LABEL.match(self.text, token.end())
            for part in parts(token.group())
            if len(part) >= _SHORTEST_WORD
        ]
        # What is masked already counts, so that masking again changes nothing.
        unknown = found.count(False) + self.text.count("<token>")
        return unknown * 2 <= len(found) or (
            unknown == 1 and re.search("[ =]", self.text) is not None
        )

    def catches(self, match: Match[str]) -> bool:
        """Return whether a token is masked."""
        token, start, end = match.group(), match.start(), match.end()
        if self.text.startswith("@<", end) and _AT_ADDRESS.match(self.text, end):
            return token not in words("system_accounts")
        if token.isdigit():
            return False
        if token.isalpha() and not self.says_password and is_known(token.lower()):
            return False
        if _PORT.match(self.text, end):
            return _has_unknown(token) or re.search("[a-z][-0-9]", token) is not None
        if (_LABEL.match(self.text, end) and not self._is_subject(match)) or is_state(token):
            return False
        if self.text[start - 1 : start] in ("/", "#") or self.text.startswith("/", end):
            return looks_random(token)
        if any(c.isdigit() for c in token):
            return self._catches_mixed(match)
        return self.is_prose and (self._catches_word(match) or self._catches_name(match))

    def _is_subject(self, match: Match[str]) -> bool:
        """Return whether a colon makes a word no key: 'realm ada: updated', 'u:ada:rw'."""
        if not self.names_hosts or not match.group().islower():
            return False
        before = self.text[max(0, match.start() - 2) : match.start()]
        after = self.text[match.end() : match.end() + 2]
        in_list = before.endswith(":") and after[:1] == ":" and after != "::" and before != "::"
        return in_list or (after == ": " and re.fullmatch("[a-z] ", before) is not None)

    def _catches_mixed(self, match: Match[str]) -> bool:
        token = match.group()
        if is_measure(token):
            return False
        if looks_random(token):
            return True
        if is_code(token):
            return (self.says_password and len(token) > _SHORTEST_WORD) or (
                self.is_sensitive and not self.is_command and len(token) >= _LONG_CODE
            )
        if match.start() == 0 and "-" in token:  # the host that logs
            return False
        if self.is_sensitive or _has_unknown(token, _SHORTEST_PART):
            return True
        start = match.start()
        if _ACCOUNT_BEFORE.search(self.text, max(0, start - _BEFORE), start):
            return _NUMBERED_NAME.fullmatch(token) is not None
        is_host = self.names_hosts and "-" in token and _NUMBERED_HOST.fullmatch(token)
        return bool(is_host) and not all(map(is_known_abbreviation, parts(token)))

    def _catches_word(self, match: Match[str]) -> bool:
        token = match.group()
        if "." in token:
            name = max(token.split("."), key=len)
            return not is_known(name) and name not in words("not_hosts")
        if not token.isalpha():
            may_name = self.is_sensitive or (self.names_hosts and "_" not in token)
            return may_name and _HYPHENATED.fullmatch(token) is not None and _has_unknown(token)
        if self.says_password and _CAMEL.fullmatch(token):
            return not any(part in words("fields") or says_password(part) for part in parts(token))
        if is_known(token.lower()) or _NUMBER_FOLLOWS.match(self.text, match.end()):
            return False
        if self.is_command and self._is_program(match):
            return False
        if token.islower():
            return len(token) >= _SHORTEST_WORD
        return self.is_sensitive and _SHORT_NAME.fullmatch(token) is not None

    def _is_program(self, match: Match[str]) -> bool:
        """Return whether a word begins a command line: its options follow."""
        before = self.text[max(0, match.start() - 2) : match.start()]
        begins = before == "" or before.endswith((": ", "$ ", "> ", "+ ", "'", '"', "(", "/"))
        return begins and self.text.startswith(" -", match.end())

    def _catches_name(self, match: Match[str]) -> bool:
        """Return whether a word with a capital in a sentence is one that nobody knows."""
        token = match.group()
        before = self.text[max(0, match.start() - _BEFORE) : match.start()]
        return (
            _IN_SENTENCE.search(before) is not None
            and not _NUMBER_FOLLOWS.match(self.text, match.end())
            and _CAPITAL.fullmatch(token) is not None
            and not is_known(token.lower())
        )


def _has_unknown(token: str, shortest: int = _SHORTEST_WORD) -> bool:
    """Return whether a token has a word that nobody knows."""
    return any(not is_known(part) for part in parts(token) if len(part) >= shortest)
