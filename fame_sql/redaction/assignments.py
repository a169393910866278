"""Masking of the values of keys that name a secret, however key and value are joined."""

from __future__ import annotations

import re

from fame_sql.redaction.words import (
    is_made_of_words,
    is_opaque,
    is_random,
    is_state,
    is_word,
    secrecy,
)

# Somewhere in each key that can name a secret; the rest of the key is looked up around it.
_CORE_IN_LOWER_CASE = re.compile(
    r"pass|pwd|psw|psk|pw|secret|token|key|cred|sess|sign|auth|sig|sid|pat|otp|pin|csrf|xsrf|nonce|"
    r"ticket|cookie|kennwort|contrase|senha|clave|parol|wachtwoord|parool|salasana|has[lł]o|"
    r"l[oö]senord|code|hash|digest|salt|seed|jwt|bearer|assertion|saml|viewstate|verification|"
    r"dsn|jti|phrase|community|connectionstring|licen[cs]e|hmac|state|remember|mfa|invite|sso|пароль|密码|パスワード|challenge"
)
# Twelve times as fast without ignoring case, which ASCII in lower case does not need.
_CORE = re.compile(_CORE_IN_LOWER_CASE.pattern, re.IGNORECASE)
_BEFORE = re.compile(r"(?:\b[\w-]{1,20} )?(?:[\w.-]|%5[FfBb]){0,60}\Z")
_ENCODED_SIGN = re.compile(r"%5[FfBb]")
_AFTER = re.compile(
    r"(?i)[\w-]{0,40}+(?:\.(?:value|text|plain|raw|default|current|new|old)\b)?"
    r"(?: (?:id|key|code|answer|value|phrase)\b)?"
)
_JOIN = re.compile(
    r"(?:\\{0,6}[\"'`]|%2[27]|&(?:quot|apos|#3[49]);|\\{1,2}u002[27]|\\{1,2}x2[27])?(?:\]|%5[Dd])?\\{0,2}"
    r"\s{0,3}(?:=>|:=|[-~=]{1,2}>|→|⇒|={1,3}|>(?=[^<>\s]{1,200}</)|\\t|::?(?!//)|\uff1a|\uff1d|%3[DdAa]|\\u003[Dd]|&#61;)\s{0,3}"
    r"(?:!{1,2}[a-z]{1,20} (?:[|>]-?\s{1,12})?)?"
    r"(?:[A-Za-z_]\w{1,20}\((?=[\"']))?"
    r"|[\"'`\])]?\s{1,3}(?:\w{1,12}\s)?(?:changed|updated|rotated|reset|replaced|modified) "
    r"(?:from|to|with|by) (?=[\"'`])"
    r"|\s{1,3}(?:is|was|to|as|=|lautet|ist|est|es|era|é|är)\s{1,3}"
    r"(?:(?:now|currently|still) )?|\s{1,3}|[\[|;](?=[^\s\"'])"
)
_PLACEHOLDER = re.compile(r"[\"'\\]{0,4}<[a-z*-]{1,16}>")
_DOUBLE = re.compile(r"\"(?:[^\"\\\n]|\\.)*+\"?")
_SINGLE = re.compile(r"'(?:[^'\\\n]|\\.|''(?=[^,\s)]))*+'?")
_BRACED = re.compile(r"\{(?!\w{1,40}\}(?!\}))(?:[^}\n]|\}\})*+\}(?=;|\Z)")  # of ODBC
_TICKED = re.compile(r"`[^`\n]*+`?")
# The closing quote has as many backslashes as the opening one; a quote in the value has more.
_ESCAPED = re.compile(r"(\\{1,7})([\"'])[^\n]*?(?=(?<!\\)\1\2|\n|\Z)")
_ENCODED_QUOTE = re.compile(r"%2[27]|&(?:quot|apos|#3[49]);|\\{1,2}u002[27]|\\{1,2}x2[27]")
_BARE = re.compile(
    r"(?:[^\s,;&\"'<>)\]}\\%`]|%(?!2[26C]|3[BC])|\\(?![\"'])|[)\]}](?=[\w@#$%^*])|"
    r"(?<=\w)['\"](?=\w)|<(?![/a-z])|>|"
    r"[;,](?=[^\s;,\"'{\[(])(?![A-Za-z_][\w .-]{0,40}(?:[\"']?\s?[=:]|\Z)))++"
)
_IN_COLUMN = re.compile(r"[^\s\"'\[\]|;,]{4,80}(?=[\s\]|;,]|\Z)")
_WORDS = re.compile(r"[A-Za-z/]+(?:'[a-z]+)?(?![\w@#$%^&*!+=])")
_QUERY = re.compile(r"[?&][\w.-]{0,60}\Z|[?&](?:amp;)[\w.-]{0,60}\Z")
_OBJECT = re.compile(r"[A-Za-z.]+(?:\{|@[0-9a-f]{5,8}\b)|0x[0-9a-f]+\Z")
_FOLDER = re.compile(r"(?:[\w-]{1,20} )?(?:OLD)?PWD=(?:/|(?:/[\w.~-]+)+/?)\Z")  # of a shell
_PAIR = re.compile(r"[\w.-]{1,40}=")
_ONE_TIME = re.compile(
    r"otp\Z|2fa|mfa|pin[ _-]?code\Z|"
    r"(?:verif|time|sms|login|security|confirm|door|gate|alarm|entry|safe|unlock|access|reset|"
    r"activation|pairing|backup|recovery|invite|pin|auth)[a-z]*[ _-]?code\Z"
)
_PRODUCT_KEY = re.compile(r"(?=[A-Z-]{0,40}[0-9])(?:[A-Z0-9]{4,6}-){2,7}[A-Z0-9]{4,6}")
_GROUPED_CODE = re.compile(r"[0-9]{3}-[0-9]{3}|[0-9]{2}(?:-[0-9]{2}){1,3}")
_SENTENCE = re.compile(r" [a-z]{2,}\b(?![=:@])")
_IDENTIFIER = re.compile(r"[\w-]{0,30}?[A-Za-z][_.-][A-Za-z]\w*\Z")  # DB_PASS, smtp.password
_GIVEN = re.compile(
    r"(?:signing|client|shared|webhook|api|with|using|use|by|via|of|is) (?:the )?\w+\Z"
)
_PASS = ("password", "passwd", "pwd", "passphrase", "passcode", "pass", "pw", "psk", "kennwort")
_TEST = re.compile(r"PASS (?i:tests?(?:[_A-Z]|\Z))|PASS \w+(?:::|\.|/)")
_SHORT_NUMBER = 4
_SHORT_LIVED = ("csrf", "xsrf", "nonce", "otp", "totp", "viewstate", "sig", "signature", "ticket")
_CODE_IN_GROUPS = re.compile(r"(?=[A-Z-]{0,24}[0-9])[A-Z0-9]{2,8}(?:-[A-Z0-9]{2,8}){1,5}")
_LETTERS_AROUND_DIGITS = re.compile(r"(?!v[0-9])[A-Za-z]{1,8}[0-9]{1,3}[a-z]{3,8}")


def mask_assignments(text: str) -> tuple[str, int]:
    """Return a text with the values of secret keys masked, and their number.

    Each key is looked at once, over a bounded distance, so that time grows with the length.
    """
    kept: list[str] = []
    end = masked = at = 0
    cores, searched = (_CORE_IN_LOWER_CASE, text.lower()) if text.isascii() else (_CORE, text)
    while (core := cores.search(searched, at)) is not None:
        key_end = _AFTER.match(text, core.end()).end()  # type: ignore[union-attr]
        at = key_end
        found = _value(text, core.start(), key_end)
        if found is None:
            continue
        start, stop = found
        kept += (text[end:start], "<secret>")
        end = at = stop
        masked += 1
    return ("".join((*kept, text[end:])), masked) if masked else (text, 0)


def _value(text: str, core: int, key_end: int) -> tuple[int, int] | None:
    """Return where the secret value of the key around ``core`` lies, if there is one."""
    start = max(0, core - 60)
    before = text[start:core]
    key = _BEFORE.search(before).group() + text[core:key_end]  # type: ignore[union-attr]
    kind = secrecy(_ENCODED_SIGN.sub("_", key))
    in_query = _QUERY.search(before) is not None
    if kind is None and not (in_query and key.lower().endswith("code")):
        return None
    join = _JOIN.match(text, key_end)
    if join is None or _PLACEHOLDER.match(text, join.end()):
        return None
    in_column = join.group() in ("[", "|", ";")
    span = _column(text, join.end()) if in_column else _span(text, join.end())
    if span is None:
        return None
    value = text[span[0] : span[1]]
    quoted = span[0] > join.end()
    sentence = join.group() == ": " and _SENTENCE.match(text, span[1]) is not None
    if sentence and not quoted and value.isalpha() and is_word(value):
        return None
    is_secret = _is_secret(key, kind, join.group(), value, in_query=in_query, quoted=quoted)
    return span if is_secret else None


def _column(text: str, at: int) -> tuple[int, int] | None:
    """Return where a value between two separators lies."""
    found = _IN_COLUMN.match(text, at)
    return None if found is None else found.span()


def _span(text: str, at: int) -> tuple[int, int] | None:
    """Return where a value lies, without its quotes."""
    if (escaped := _ESCAPED.match(text, at)) is not None:
        return escaped.end(2), escaped.end()
    for pattern in (_DOUBLE, _SINGLE, _TICKED, _BRACED):
        if (quoted := pattern.match(text, at)) is not None:
            closed = len(quoted.group()) > 1 and quoted.group()[-1] in ("}", quoted.group()[0])
            return quoted.start() + 1, quoted.end() - closed
    if (quote := _ENCODED_QUOTE.match(text, at)) is not None:
        stop = text.find(quote.group(), quote.end(), quote.end() + 2000)
        return quote.end(), (stop if stop >= 0 else len(text))
    bare = _BARE.match(text, at)
    return None if bare is None else bare.span()


def _is_secret(
    key: str, kind: str | None, join: str, value: str, *, in_query: bool, quoted: bool
) -> bool:
    if not value or _says_a_state(value) or _PLACEHOLDER.match(value):
        return False
    name = key.lower()
    if _FOLDER.match(f"{key}{join}{value}"):
        return False
    if _OBJECT.match(value) or (join[-1].isspace() and ":" not in join and _PAIR.match(value)):
        return False
    if ":" in join and _TEST.match(f"{key} {value}"):
        return False
    if name.endswith("key") and kind == "weak" and not in_query:
        return len(value) >= 16 and is_random(value)
    if value.isdigit() and len(value) < (_SHORT_NUMBER if name.endswith("pass") else 3):
        return False
    if name.endswith("pin") and kind == "weak":
        return value.isdigit() and _SHORT_NUMBER <= len(value) <= 2 * _SHORT_NUMBER
    if _ONE_TIME.search(name) and (value.isdigit() or _GROUPED_CODE.fullmatch(value)):
        value = value.replace("-", "")
        return _SHORT_NUMBER <= len(value) <= 2 * _SHORT_NUMBER
    if (join == "[" or "\t" in join) and kind == "strong" and not is_made_of_words(value):
        return True
    if join.isspace() or join in "[|;":
        return _stands_out(name, kind, value) or (quoted and _is_quoted_secret(name, kind, value))
    if in_query and not value.isdigit():
        return kind == "strong" or len(value) >= _SHORT_NUMBER
    if kind == "weak":
        return is_opaque(value)
    if name.endswith(("token", "secret")) and value.isdigit():
        return len(value) >= _SHORT_NUMBER
    if join.strip().isalpha() or (join == ": " and not quoted and is_word(value)):
        return not re.fullmatch(r"[a-z]+(?:ed|ing|able|ible|ous|ful|ive|less|ent|ant|ly)", value)
    return True


def _is_quoted_secret(name: str, kind: str | None, value: str) -> bool:
    mixed = re.search(r"[0-9]", value) is not None and re.search(r"[A-Za-z]", value) is not None
    return kind == "strong" and (
        name.endswith(_PASS) or (mixed and len(value) >= 2 * _SHORT_NUMBER)
    )


def _says_a_state(value: str) -> bool:
    """Return whether a value begins with a word such as ``failed``; ``no`` alone, or a sentence."""
    first = _WORDS.match(value)
    if first is None:
        return is_state(value)
    rest = value[first.end() : first.end() + 1]
    if rest == "-" and any(c.isdigit() for c in value):
        return False
    return is_state(first.group()) and (not rest or rest in " .,;:!?-_/)")


def _stands_out(name: str, kind: str | None, value: str) -> bool:
    """Return whether a value that only a blank joins to its key is no word of a sentence."""
    if kind == "weak" and name.endswith(_SHORT_LIVED):
        return is_random(value)
    if kind == "weak" and name.endswith("code"):
        return _CODE_IN_GROUPS.fullmatch(value) is not None or is_random(value)
    if kind != "strong" or len(value) < _SHORT_NUMBER:
        return False
    if _PRODUCT_KEY.fullmatch(value):
        return True
    named = _IDENTIFIER.fullmatch(name.rpartition(" ")[2]) or _GIVEN.search(name)
    if named and re.fullmatch(r"[^\s=:(){}]{6,}", value) and not is_made_of_words(value):
        return True
    if name.endswith(_PASS):
        has_digit = any(c.isdigit() for c in value) and not value.rstrip(".:").isdigit()
        odd = re.search(r"[@#$%^&*!]", value.rstrip("!")) is not None
        return (
            has_digit and not re.match(r"(?i)tests?|[0-9]+(?:st|nd|rd|th|s|ms)?\b", value)
        ) or odd
    return (len(value) >= 8 or _LETTERS_AROUND_DIGITS.fullmatch(value) is not None) and is_opaque(
        value
    )
