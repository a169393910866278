"""Whether digits are a position, a card, an account, a person's number or a telephone."""

from __future__ import annotations

import re
from re import Match

from fame_sql.redaction.numbers import is_card, is_iban, is_luhn, is_personal_number
from fame_sql.redaction.words import is_known

_BEFORE = 40
_SHORT_CARD = 4
_NEAR_POSITION = re.compile(
    r"(?i)(?:\b(?:at|near|from|to|around|towards?|pos|position|gps|loc|location|coord\w*|geo\w*|fix|place|waypoint|"
    r"pickup|moved|marker|lat\w*|lo?ng\w*|vehicle|courier|driver|tracker|device|center|destination)\b"
    r"[^\n,;]{0,16}|@)\Z"
)
_AFTER_NUMBER = re.compile(r"[\d.,]\s{0,2}[,;/]\s{0,2}\Z")
_GOES_ON = re.compile(
    r"(?i)\s?(?:[,;/]\s?[-+]?[0-9]|%|(?:[munk]?s|sec\w*|min\w*|[kmgt]?i?b|px|mm)\b)"
)
_PRECISE = 5
_COUNTER = re.compile(
    r"(?i)(?:bytes(?: to)?|offset|lag|seq(?:uence|no)?|size|rcvd|rss|lba|sd[a-z]|nanos|duration|"
    r"elapsed|timestamp|[tx]?xid|scn|lsn|"
    r"revision|watermark|epoch|inode|memory|heap|packets|cycles|ticks|count(?:er)?|total|events|messages|blocks|sectors)[\"'\\]{0,4}\s{0,2}[:=]?\s{0,2}\Z"
)
_UNIT = re.compile(
    r"(?i)\s?(?:[kmgt]?i?b|bytes?|[munp]?s|(?:nano|micro|milli)s\w*|records|rows|cycles|ticks|events|messages|lines|pages|blocks|packets|frames|operations|ops|requests|bits|samples|objects|sectors|tokens)\b(?!-)"
)


def is_counter(before: str, after: str) -> bool:
    """Return whether a number is one that a program counts, by what stands around it."""
    return _COUNTER.search(before) is not None or _UNIT.match(after) is not None


def position(match: Match[str]) -> bool:
    """Mask a latitude and a longitude, not two measurements."""
    text = match.group()
    if re.search(r"[°NSEW]", text):
        return True
    numbers = re.findall(r"[0-9]+\.([0-9]+)", text)
    if max(abs(float(n)) for n in re.findall(r"[0-9]+\.[0-9]+", text)) < 1:
        return False
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + _BEFORE]
    if _AFTER_NUMBER.search(before) or _GOES_ON.match(after):
        return before.endswith("@")
    if _NEAR_POSITION.search(before):
        return True
    # Alone, a pair is a position if it is written as one, with a precision of a metre.
    return min(map(len, numbers)) >= _PRECISE and " " not in text and "/" not in text


def keyed_position(match: Match[str]) -> bool:
    """Mask the value of a latitude; where only a blank joins them, with a longitude in the line."""
    if not re.search(r"(?i)\b(?:lat|lo?ng?) \Z", match.group(1)):
        return True
    return re.search(r"(?i)\blo?ng?\b", match.string) is not None and (
        re.search(r"(?i)\blat\b", match.string) is not None
    )


def card_value(match: Match[str]) -> bool:
    """Mask a card's number or code, not the number of a network card."""
    digits = re.sub(r"\D", "", match.group(2))
    if re.search(r"(?i)cv|csc|security", match.group(1)):
        return len(digits) <= _SHORT_CARD
    return len(digits) >= 13 and bool(
        is_luhn(digits) or bool(re.search(r"[ -]", match.group(2))) or len(digits) == 16
    )


def card_number(match: Match[str]) -> bool:
    """Mask numbers of cards by brand and check digit, not a counter that has one by chance."""
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    after = match.string[match.end() : match.end() + _BEFORE]
    if match.group().isdigit() and (is_counter(before, after) or _is_of_program(match, before)):
        return False
    return is_card(match.group())


_ABOUT_PAYING = re.compile(
    r"(?i)\b(?:cards?|pan|visa|master ?card|amex|maestro|jcb|diners|discover|unionpay|rupay|"
    r"girocard|pay(?:ment|ing|s)?|paid|charg\w*|checkout|billing|billed|"
    r"refund\w*|auth\w*|merchant|acquirer|customer|purchas\w*|debit|credit|transaction|txn|"
    r"token\w*|cv[vc]\w*|expir\w*|order|ccn?|gateway|bank|account|iban|sepa|holder)\b"
)


def _is_of_program(match: Match[str], before: str) -> bool:
    """Return whether a known word names a number, in a line that says nothing of paying."""
    label = re.search(r"([A-Za-z]+)[\"']?\s?[:=#]?\s?[\"']?\Z", before)
    named = label is not None and is_known(label[1].lower())
    return named and _ABOUT_PAYING.search(match.string) is None


def iban(match: Match[str]) -> bool:
    """Mask account numbers of their country's length, or of the right check sum."""
    return is_iban(match.group())


def personal_value(match: Match[str]) -> bool:
    """Mask numbers with five digits or more, or of capitals and digits as in passports."""
    value = str(match.group(2))
    if re.match(r"(?i)(?:bic|swift)", match.group(1)) and re.fullmatch(
        r"[A-Z]{6}[A-Z0-9]{2,5}", value
    ):
        return True
    mixed = re.fullmatch(r"(?=(?:[A-Z]*[0-9]){2})(?=[0-9]*[A-Z])[A-Z0-9]{8,12}", value) is not None
    return mixed or sum(c.isdigit() for c in value) >= 5


def checked_id(match: Match[str]) -> bool:
    """Mask personal numbers of a right check digit."""
    return is_personal_number(match.group())


def phone(match: Match[str]) -> bool:
    """Mask telephone numbers, not the zone of a time."""
    text = match.group()
    if re.fullmatch(r"(?:0[1-9]|1[0-2])[0-3][0-9]/[0-2][0-9][0-5][0-9][0-5][0-9]", text):
        return False
    return re.match(r"\+[01][0-9][0-5][0-9](?: [0-9]{4}\b|$)", text) is None


def phone_value(match: Match[str]) -> bool:
    """Mask numbers of 7 to 15 digits, not a date."""
    if re.match(r"(?:19|20)[0-9]{2}[-/.][01][0-9][-/.][0-3][0-9](?![0-9])", match.group(2)):
        return False
    return 7 <= sum(c.isdigit() for c in str(match.group(2))) <= 15


_ABOUT_CALLS = re.compile(
    r"(?i)\b(?:call(?:s|er|ed|ee|ing)?|(?:tele|smart)?phones?|sms[cs]?|smpp|mms|dial\w*|fax|sips?|voice(?:mail)?|whatsapp|"
    r"ani|dnis|cdr|otp|trunk|pbx|msisdn|subscribers?|handset|ring(?:ing|s)?|cli|mobile|"
    r"[ab]-party|(?:from|to|phone|call(?:er|ed|ing)|[ab])[-_ ]number|text message|ivr)\b"
)


def is_about_calls(text: str) -> bool:
    """Return whether a line is about calls, messages or telephones."""
    return _ABOUT_CALLS.search(text) is not None


_CLOCK = re.compile(
    r"(?:19|20)[0-9]{2}[-/. ]?(?:0[1-9]|1[0-2])|1[5-9][0-9]{8}(?:[0-9]{3})?(?![0-9])"
)


def phone_in_call(match: Match[str]) -> bool:
    """Mask a number in a line about telephones, not an epoch, a date, an amount or a counter."""
    text, line = match.group(2), match.string
    before = line[max(0, match.start(2) - _BEFORE) : match.start(2)]
    if _CLOCK.match(text) or is_counter(before, line[match.end() :]):
        return False
    if re.search(r"(?i)(?:\b|_)(?:id|pid|tid|seq|cseq|#)[\"']?\s?[:=# ]\s?[\"']?\Z", before):
        return False
    groups = re.findall(r"[0-9]+", text)
    in_groups = len(groups) > 2 and all(2 <= len(g) <= 6 for g in groups[1:])
    american = re.fullmatch(r"1?[2-9][0-9]{2}[2-9][0-9]{6}", text) is not None
    shaped = text[0] in "0+" or in_groups or american or match.group(1) is not None
    is_number = shaped and (len(groups) <= 2 or in_groups) and not re.search(r"\.[0-9]+\.", text)
    return is_number and _ABOUT_CALLS.search(line) is not None
