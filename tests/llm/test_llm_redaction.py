from __future__ import annotations

import json
import random
import string
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_server import LanguageServer

from fame_sql.labels.by_llm import label_with_llm
from fame_sql.llm.client import Client
from fame_sql.llm.failures import LanguageModelError, LeakError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.presidio import presidio_recogniser
from fame_sql.llm.prompts import messages
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

_LETTERS = string.ascii_letters + string.digits

# Each is a shape: X a letter or digit, U an upper-case letter or digit, H a hex digit, D a digit.
# What stands in braces is the secret, the rest is how it is written in a line.
SHAPES = (
    [
        "{AKIAUUUUUUUUUUUUUUUU}",
        "{ASIAUUUUUUUUUUUUUUUU}",
        "{AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}",
    ]
    + [f"{{{p}{'X' * 36}}}" for p in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")]
    + [f"{{{p}{'X' * 20}}}" for p in ("glpat-", "gldt-", "glrt-", "hvs.", "hvb.", "tskey-")]
    + [f"{{{p}DDDDDDDDDDDD-XXXXXXXXXXXXXXXXXXXXXXXX}}" for p in ("xoxb-", "xoxp-", "xapp-")]
    + [f"{{{p}{'X' * 24}}}" for p in ("sk_live_", "rk_live_", "pk_test_", "whsec_")]
    + [f"{{{p}{'X' * 40}}}" for p in ("sk-", "sk-proj-", "sk-ant-api03-", "hf_", "npm_", "gsk_")]
    + [f"{{{p}{'X' * 48}}}" for p in ("pypi-", "r8_", "lin_api_", "figd_", "ntn_", "secret_")]
    + [f"{{{p}{'H' * 64}}}" for p in ("dop_v1_", "doo_v1_", "dor_v1_")]
    + [f"{{{p}{'H' * 32}}}" for p in ("shpat_", "shpss_", "shpca_", "dapi", "AC", "SK", "key-")]
    + [f"{{{p}{'X' * 32}}}" for p in ("glsa_", "sntrys_", "NRAK-", "PMAK-", "dckr_pat_", "nfp_")]
    + [
        "{SG.XXXXXXXXXXXXXXXXXXXXXX.XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "{DDDDDDDDDD:AAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "{MTXXXXXXXXXXXXXXXXXXXXXX.XXXXXX.XXXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "{XXXXXXXXXXXXXX.atlasv1.XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "{eyJhbGciOiJIUzI1NiJ9.eyJXXXXXXXXXXXXXXXX.XXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "-----BEGIN RSA PRIVATE KEY-----\n{XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}\n"
        "-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY----- {XXXXXXXXXXXXXXXXXXXXXXXX}",
        "postgres://app:{XXXXXXXX}@db/orders",
        "mongodb+srv://{XXXXXXXXX}:{XXXXXXXXX}@cluster0/app",
        "amqp://guest:{XX@XX/XXXX}@mq/",
        "https://{XXXXXXXXXXXX}@git/x.git",
        "POST https://hooks.slack.com/services/{TUUUUUUUU/BUUUUUUUU/XXXXXXXXXXXXXXXXXXXXXXXX}",
        "Authorization: Bearer {XXXXXXXXXXXXXXXXXXXX}",
        "authorization=Basic {XXXXXXXXXXXXXXXX}",
        '"Authorization": "Token {XXXXXXXXXXXX}"',
        "Proxy-Authorization: Digest {XXXXXXXXXXXXXXXX}",
        "Cookie: session={XXXXXXXXXXXXXXX}; theme={XXXXXXXX}",
        "Set-Cookie: id={XXXXXXXXXXXXXXX}; HttpOnly",
        "password={XXXXXXXX}",
        "PASSWORD: {XXXXXXXX}",
        "passwd='{XXXX XXXX}'",
        '"password":"{XXXXXXXXX}"',
        "db_password = {XXXXXXXX}",
        "pwd={XXXXXXXX};",
        "the passphrase is {XXXXXXXX}",
        "secret: {XXXXXXXXXXXX}",
        "client_secret={XXXXXXXXXXXXXX}",
        "AWS_SECRET_ACCESS_KEY={XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX}",
        "api_key={XXXXXXXXXXXX}",
        "apikey: {XXXXXXXXXXXX}",
        "x-api-key: {XXXXXXXXXXXX}",
        "access_token={XXXXXXXXXXXX}",
        "refresh-token: {XXXXXXXXXXXX}",
        "?token={XXXXXXXXXX}&x=1",
        "DefaultEndpointsProtocol=https;AccountKey={XXXXXXXXXXXXXXXXXXXXXXXX};",
        "SharedAccessKey={XXXXXXXXXXXXXXXXXXXXXXX}",
        "?sv=2020&sig={XXXXXXXXXXXXXXXXXXXX}",
        "session_id={XXXXXXXXXXXXXXX}",
        "signing_key={XXXXXXXXXXXXXX}",
        "private-key={XXXXXXXXXXXXXX}",
        "run --password {XXXXXXXX} now",
        "run --token={XXXXXXXX} now",
        "mysql -password {XXXXXXXX}",
        "commit {HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH}",
        "session {HHHHHHHH-HHHH-HHHH-HHHH-HHHHHHHHHHHH} begins",
        "mail to {XXXXXX.XXXX@XXXXXX.com} bounced",
        "mail to {XXXXXX+XX@XXXX.co.uk} bounced",
        "card {4DDD DDDD DDDD DDDD} declined",
        "card {4DDDDDDDDDDDDDDD} declined",
        "account DE{DD DDDD DDDD DDDD DDDD DD} closed",
        "person {DDD-DD-DDDD} found",
        "call {+DD DDD DDDDDDD} back",
        "user={XXXXXXX} did it",
        "username: {XXXXXXX}",
        "Failed password for {XXXXXXX} from 10.0.0.1",
        "Failed password for invalid user {XXXXXXX} from 10.0.0.1",
        "session opened for user {XXXXXXX} by root",
        "read /home/{XXXXXXX}/notes",
        r"read C:\Users\{XXXXXXX}\notes",
        r"logon of CORP\{XXXXXXX} failed",
        "connect to {XXXXXXX.XXXXX.internal}",
        "connect to {XXXXXXX.example.com} now",
        "host={XXXXXXXX} is up",
        "peer 10.{2DD.1D.DD} lost",
    ]
)


def grow(shape: str, random_: random.Random) -> tuple[str, list[str]]:
    """Return a line, and the secrets in it."""
    line, secrets, at = "", [], None
    for character in shape:
        if character == "{":
            at = len(line)
        elif character == "}":
            assert at is not None
            secrets.append(line[at:])
            at = None
        elif at is None:
            line += character
        else:
            line += _grown(character, random_)
    return line, secrets


def _grown(character: str, random_: random.Random) -> str:
    kinds = {
        "X": _LETTERS,
        "U": string.ascii_uppercase + string.digits,
        "H": "0123456789abcdef",
        "D": string.digits,
    }
    return random_.choice(kinds[character]) if character in kinds else character


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_a_secret_is_masked_and_masking_again_changes_nothing(shape: str, seed: int) -> None:
    line, secrets = grow(shape, random.Random(f"{shape}{seed}"))
    redactor = Redactor()
    masked = redactor.text(f"12:00:01 worker says {line} and goes on")
    assert secrets
    assert all(secret not in masked for secret in secrets), masked
    assert "12:00:01 worker says" in masked
    assert redactor.counts.total() > 0
    assert redactor.text(masked) == masked


@pytest.mark.slow
def test_no_canary_reaches_the_server_wherever_it_is_planted(
    unlabelled: Warehouse, server: LanguageServer
) -> None:
    planted = [grow(shape, random.Random(shape)) for shape in SHAPES]
    secrets = [secret for _, found in planted for secret in found]
    assert len(secrets) >= 100
    texts = ["start " + line for line, _ in planted]
    unlabelled.connection.execute(
        "UPDATE fame.logs SET body = body || ' ' || ?[1 + log_id % ?]", [texts, len(texts)]
    )
    unlabelled.connection.execute(
        "UPDATE fame.events SET example = example || ' ' || ?[1 + event_id % ?]",
        [texts, len(texts)],
    )
    unlabelled.connection.execute(
        "UPDATE fame.templates SET template = template || ' ' || ?[1 + match_order % ?]",
        [texts, len(texts)],
    )
    unlabelled.connection.execute("UPDATE fame.logs SET host_name = 'edge-24'")
    client = Client(server.base_url, "the-key-itself")
    model = LanguageModel("gpt-4o", Ledger(unlabelled), Redactor.of(unlabelled), client=client)
    model.context = "\n".join(line for line, _ in planted)
    label_with_llm(unlabelled, model)

    from fame_sql.domains.domains import group_templates
    from fame_sql.domains.proposals.by_llm import LLMGrouper

    group_templates(unlabelled, LLMGrouper(model))
    sent = b"".join(server.bodies)
    decoded = json.dumps(server.requests, ensure_ascii=False)
    unicode_free = json.dumps(server.requests)
    assert len(server.bodies) > 5
    for secret in secrets:
        assert secret.encode() not in sent, secret
        assert secret not in decoded
        assert json.dumps(secret)[1:-1] not in unicode_free
    assert "edge-24" not in decoded
    assert "the-key-itself" not in decoded
    stored = unlabelled.rows("SELECT request::VARCHAR, response::VARCHAR FROM fame.llm_calls")
    assert not [secret for secret in secrets if secret in str(stored)]
    counted = unlabelled.value(
        "SELECT count(*) FROM fame.llm_calls WHERE redactions::VARCHAR LIKE '%assignment%'"
    )
    assert counted > 0


@pytest.mark.parametrize(
    "line",
    [
        "disk full on /var, 98% used",
        "at org.apache.hadoop.hdfs.DFSClient.close(DFSClient.java:12)",
        "java.io.IOException: Connection reset by peer",
        "user login failed after 3 attempts",
        "machine check exception in bank 3",
        "token expired, session closed",
        "instruction cache parity error corrected",
        "template <*> with <id> and <path>",
    ],
)
def test_words_that_describe_the_event_are_not_masked(line: str) -> None:
    assert Redactor().text(line) == line


def test_hosts_of_the_warehouse_are_masked_as_words(empty: Warehouse) -> None:
    redactor = Redactor(frozenset({"r02-m1", "db7"}))
    assert redactor.text("DB7: link to r02-m1 lost, db77 fine") == (
        "<host>: link to <host> lost, db77 fine"
    )
    assert Redactor.of(empty).hosts == frozenset()


def test_a_recogniser_masks_names_without_a_pattern() -> None:
    redactor = Redactor(
        recogniser=lambda text: [(text.index("Ada"), text.index("Ada") + 3, "PERSON")]
    )
    assert redactor.text("call from Ada ended") == "call from <person> ended"
    assert redactor.counts["person"] == 1


@pytest.mark.skipif(find_spec("presidio_analyzer") is not None, reason="Presidio is here")
def test_presidio_is_asked_for_by_name_where_it_is_missing() -> None:
    with pytest.raises(LanguageModelError, match=r"fame-sql\[presidio\]"):
        presidio_recogniser()


def test_presidio_masks_and_fetches_nothing(tmp_path: Path) -> None:
    pytest.importorskip("presidio_analyzer", reason="Presidio is an extra")
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    redactor = Redactor(recogniser=presidio_recogniser(model=tmp_path / "blank"))
    assert redactor.text("no answer at (212) 555-0143") == "no answer at <phone_number>"
    if not spacy.util.get_installed_models():
        with pytest.raises(LanguageModelError, match="spacy download en_core_web_lg"):
            presidio_recogniser()


def test_a_finished_request_with_a_secret_is_refused_and_does_not_repeat_it() -> None:
    secret = "ghp_" + "a1B2" * 9
    with pytest.raises(LeakError, match="prefixed") as refused:
        messages(secret, [], schema={}, context="", redactor=Redactor())
    assert secret not in str(refused.value)


@pytest.mark.slow
@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_masked_and_sent(text: str) -> None:
    redactor = Redactor(frozenset({"abc"}))
    found = messages(
        "Judge.", [{"id": "l1", "message": text}], schema={}, context=text, redactor=redactor
    )
    assert found[1]["content"].count("DATA ") >= 2


def test_a_row_whose_encoding_looks_like_a_secret_is_masked_whole_and_stops_nothing() -> None:
    rows = [{"id": "l1", "lines": 3, "message": "a@b\n.c"}, {"id": "l2", "message": "fine"}]
    found = messages("Judge.", rows, schema={}, context="", redactor=Redactor())
    assert '{"id": "l1", "lines": 3, "text": "<masked>"}' in found[1]["content"]
    assert '{"id": "l2", "message": "fine"}' in found[1]["content"]
