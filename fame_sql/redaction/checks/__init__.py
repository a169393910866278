"""What a pattern cannot decide: check digits, addresses, and whether a word is a name.

Each check takes a match and returns whether it is to be masked. ``kinds/*.toml`` names them.
"""

from __future__ import annotations

from fame_sql.redaction.checks.figures import (
    card_number,
    card_value,
    checked_id,
    iban,
    personal_value,
    phone,
    phone_value,
    position,
)
from fame_sql.redaction.checks.hosts import (
    address_not_version,
    dashed_address,
    host_name,
    host_value,
    ipv6,
    mac,
    mail_domain,
    option_host,
)
from fame_sql.redaction.checks.people import (
    account_last_word,
    account_place,
    account_value,
    account_word,
    person_name,
)
from fame_sql.redaction.checks.secrets import (
    not_a_quoted_state,
    not_a_state,
    not_a_test,
    odd_word,
    opaque_end,
    opaque_value,
    option_value,
    padded,
    pair_end,
    random_base64,
    random_token,
    secret_columns,
    secret_element,
    secret_last_name,
    secret_name,
    sixteen,
)

__all__ = [
    "account_last_word",
    "account_place",
    "account_value",
    "account_word",
    "address_not_version",
    "card_number",
    "card_value",
    "checked_id",
    "dashed_address",
    "host_name",
    "host_value",
    "iban",
    "ipv6",
    "mac",
    "mail_domain",
    "not_a_quoted_state",
    "not_a_state",
    "not_a_test",
    "odd_word",
    "opaque_end",
    "opaque_value",
    "option_host",
    "option_value",
    "padded",
    "pair_end",
    "person_name",
    "personal_value",
    "phone",
    "phone_value",
    "position",
    "random_base64",
    "random_token",
    "secret_columns",
    "secret_element",
    "secret_last_name",
    "secret_name",
    "sixteen",
]
