"""Buckets: the keys that the environment holds, and why a bucket does not answer.

A user's own secrets of DuckDB come first. Where none is for the bucket, those variables count that
every program of Amazon's kind reads. They become a secret, which no statement can show, and not
settings of DuckDB, which each can.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from string import Template
from urllib.parse import urlsplit

import duckdb

from fame_sql import sql

_KEPT = ("s3_access_key_id", "s3_secret_access_key", "s3_session_token")
"""The settings into which DuckDB's extension copies the environment when it is loaded."""

_STATUS = re.compile(r"\(?HTTP(?: code)? (4\d\d|5\d\d)[^)\n]*\)?")
_CODE = re.compile(r"^(\w+): ", re.MULTILINE)
_UNREACHED = re.compile(r"Could not (?:connect to server|resolve hostname)[^\n]*'(\S+?)'")
_PLACE = re.compile(r"(?:s3|gs|gcs|r2)://\S*?(?=[\s':]|$)|(?<=')https?://\S+(?=' in region)")
_RIGHTS = "it needs the rights to list, read, write and delete"
_REGION = "the bucket is in another region: set $AWS_REGION, or REGION in the secret"
_KEYS = (
    "look at the secret that 'FROM duckdb_secrets()' shows, or at $AWS_ACCESS_KEY_ID, "
    "$AWS_SECRET_ACCESS_KEY and $AWS_SESSION_TOKEN"
)
_REASONS = {
    "NoSuchBucket": "there is no such bucket: make it, or name another",
    "InvalidAccessKeyId": f"the bucket does not know the key: {_KEYS}",
    "SignatureDoesNotMatch": f"the bucket refuses the secret key: {_KEYS}",
    "ExpiredToken": f"the key has expired: {_KEYS}",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "403": f"the bucket refuses this key: {_RIGHTS}; {_KEYS}",
    "404": "the file is not there: 'fame doctor --deep' lists what is missing",
}
"""What to do, by the code in the bucket's answer, or else by its status."""


def sign_in(connection: duckdb.DuckDBPyConnection, place: str) -> None:
    """Give a connection's database the keys of a bucket.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection that may load DuckDB's extensions.
    place : str
        The address of the bucket; nothing is done for any place but ``s3://``.

    Raises
    ------
    duckdb.Error
        If DuckDB has no extension for buckets.
    """
    if not place.startswith("s3://"):
        return
    connection.execute("LOAD httpfs")
    with suppress(duckdb.Error):
        connection.execute("LOAD aws")  # A secret of its kind gets new keys when they expire.
    known = connection.execute("FROM which_secret(?, 's3')", [place]).fetchall()
    if not known and (facts := _from_environment()):
        names = ", ".join(f"{name} ${name.lower()}" for name in facts)
        statement = Template(sql.load("warehouse/lake/secret")).safe_substitute(names=names)
        connection.execute(statement, {**{k.lower(): v for k, v in facts.items()}, "place": place})


def forget_environment(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the keys of the environment out of DuckDB's settings, which any statement can read."""
    if not {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & os.environ.keys():
        return
    loaded = "SELECT name FROM duckdb_settings() WHERE name IN $names"
    for (name,) in connection.execute(loaded, {"names": list(_KEPT)}).fetchall():
        connection.execute(f"SET GLOBAL {name} = ''")


def trouble(error: BaseException) -> str | None:
    """Return what is wrong with a bucket and what to do, None if an error is of another kind."""
    text = str(error)
    place = _PLACE.search(text)
    if unreached := _UNREACHED.search(text):
        address = urlsplit(unreached[1])
        return (
            f"nothing answers at {address.scheme}://{address.netloc}: look at the network, and at "
            "$AWS_ENDPOINT_URL or ENDPOINT in the secret where the bucket is not Amazon's"
        )
    status = _STATUS.search(text)
    if status is None:
        return None
    codes = [code for code in (*_CODE.findall(text), status[1]) if code in _REASONS]
    if place is None or not codes:
        return None
    return f"{place[0]}: {_REASONS[codes[0]]} ({codes[0]})"


def _from_environment() -> dict[str, str]:
    """Return what a secret holds, by DuckDB's names; nothing without a key."""
    if not os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    found = {
        "KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID"),
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN"),
        "REGION": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        **_endpoint(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")),
    }
    return {name: value for name, value in found.items() if value}


def _endpoint(url: str | None) -> dict[str, str]:
    """Return the address of a store that is not Amazon's, whose buckets are folders of it."""
    if not url:
        return {}
    parts = urlsplit(url if "://" in url else f"https://{url}")
    is_safe = str(parts.scheme != "http").lower()
    return {"ENDPOINT": parts.netloc, "USE_SSL": is_safe, "URL_STYLE": "path"}
