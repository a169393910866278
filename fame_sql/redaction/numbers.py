"""Check digits of cards, accounts and personal numbers."""

from __future__ import annotations

import re

_MASTERCARD = range(2221, 2721)
# Lengths of account numbers by country, from the register of IBANs.
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "JO": 30,
    "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24,
    "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
_FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CHINESE_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def is_card(text: str) -> bool:
    """Return whether a number has the prefix and length of a brand of cards, and is grouped so."""
    digits = re.sub(r"\D", "", text)
    if not is_luhn(digits):
        return False
    groups = [len(group) for group in re.split(r"[ -]", text)]
    if len(groups) > 1 and groups not in ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3]):
        return False
    if len(digits) == 16:
        return digits[0] in "456" or digits[:2] == "35" or int(digits[:4]) in _MASTERCARD
    if len(digits) == 15:
        return digits[:2] in ("34", "37")
    return len(digits) == 14 and digits[:2] in ("30", "36", "38") and len(groups) > 1


def is_iban(text: str) -> bool:
    """Return whether a text has the length of its country's account numbers."""
    bare = re.sub(r"[ -]", "", text).upper()
    digits = sum(c.isdigit() for c in bare)
    if re.fullmatch(r"[0-9a-f]+", text) and not _has_check_sum(bare):  # a number of a machine
        return False
    return len(bare) == _IBAN_LENGTHS.get(bare[:2]) and digits * 2 >= len(bare)


def _has_check_sum(iban: str) -> bool:
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def is_personal_number(text: str) -> bool:
    """Return whether a number of a person has its check digit.

    Known are those of Spain, China, Sweden, Finland and South Africa.
    """
    if re.fullmatch(r"[0-9]{6}[-+A-Z][0-9]{3}[0-9A-Z]", text):
        finnish = _FINNISH[int(text[:6] + text[7:10]) % 31] == text[-1]
        return finnish or (text[-5:].lstrip("-+").isdigit() and is_luhn(re.sub(r"[-+]", "", text)))
    bare = re.sub(r"[-+]", "", text)
    if bare[-1].isalpha() and len(bare) == 9:
        return _DNI[int(bare[:8]) % 23] == bare[-1]
    if len(bare) == 18:
        total = sum(int(d) * w for d, w in zip(bare[:17], _CHINESE_WEIGHTS, strict=True))
        return "10X98765432"[total % 11] == bare[-1]
    if len(bare) == 13:
        return is_luhn(bare)
    return is_luhn(bare[-10:])
