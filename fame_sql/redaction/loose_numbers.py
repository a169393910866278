"""Numbers of people that no kind knows, by the word before them and by how they are grouped."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.checks.figures import is_about_calls, is_counter
from fame_sql.redaction.words import is_known

_NUMBER = re.compile(
    r"(?<![\w.:/+@#%$<-])(?<![0-9][ ,])(?:\+|[A-Z]{1,3}(?=[0-9]{6}))?[0-9]"
    r"(?:[0-9]|[ ()/.-]{1,3}(?=[0-9(])){5,19}(?<=[0-9])[A-Z]{0,2}(?![\w:%-]|[./,][0-9])"
)
_LABEL = re.compile(r"([A-Za-z]{2,20})[\"']?[.:=#]{0,2}\s?[\"']?\Z")
_CLOCK = re.compile(
    r"(?:19|20)[0-9]{2}[-/. ]?(?:0[1-9]|1[0-2])|1[0-9]{9}(?:[0-9]{3}){0,3}\Z|"
    r"[0-9]{1,2}[.][0-9]{1,2}[.]|000"
)
_DATE = re.compile(r"\s?\(?[0-9]{4}-[0-9]{2}-[0-9]{2}")  # of an epoch beside it
_WITH_ZERO = re.compile(r"\(?0[1-9][0-9]{0,4}\)?(?:[ /-]{1,3}[0-9]{2,8}){1,4}|0[1-9][0-9]{7,11}")
_IN_GROUPS = re.compile(r"[A-Z]{0,3}[0-9]{6,}[A-Z]{0,2}|[0-9]{1,8}(?:[ ./-][0-9]{1,7}){1,6}")
_ONE_TIME = re.compile(
    r"(?i)\b(?:one[- ]time|verif\w{3,10}|security|log[io]n|confirmation|unlock|sms|"
    r"your(?: \w{2,20})?) (?:pass)?code\b|\b(?:otp|2fa|mfa|tan)\b"
)
# A line about people's numbers, or about calls and messages.
_ABOUT_PEOPLE = re.compile(
    r"(?i)\b(?:tax(?:payers?|es)?|citizens?|insur\w{1,4}|passports?|kyc|patients?|residents?|pensions?|"
    r"social security|national id\w*|identity cards?|vat|payroll|beneficiar\w{1,4}|debtors?|sepa|"
    r"driver'?s? licen[cs]e|medicare|welfare|voters?|students?)\b"
)
_OF_CALLS = ("number", "no", "nr", "from", "to", "src", "dst", "sender", "recipient", "callee")
_BEFORE = 40


def mask_loose_numbers(text: str) -> tuple[str, int]:
    """Return a text with numbers masked that an unknown word announces, and how many."""
    kept: list[str] = []
    end = masked = 0
    for match in _NUMBER.finditer(text):
        if _names_person(text, match):
            kept += (text[end : match.start()], "<number>")
            end = match.end()
            masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


def _names_person(text: str, match: Match[str]) -> bool:
    number = match.group()
    digits = sum(c.isdigit() for c in number)
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    if _DATE.match(text, match.end()) or _CLOCK.match(number):
        return False
    if is_counter(before, text[match.end() : match.end() + _BEFORE]):
        return False
    if digits == 6 and _ONE_TIME.search(text):
        return re.fullmatch(r"[0-9]{3}[ -]?[0-9]{3}", number) is not None
    if _WITH_ZERO.fullmatch(number):
        return digits >= 9 and before.strip() != ""
    label = _LABEL.search(before)
    if label is None or not _IN_GROUPS.fullmatch(number):
        return False
    word = label[1].lower()
    if digits < 8:
        return False
    if not is_known(word) or _ABOUT_PEOPLE.search(text):
        return True
    return 10 <= digits <= 13 and (word in _OF_CALLS or is_about_calls(text))
