"""What is masked and what stays, as data: the samples of each kind, and two sets of lines."""

from __future__ import annotations

import string
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame_sql.redaction.kinds import Kind, kinds
from fame_sql.redaction.masks import mask_text, mask_version
from fame_sql.redaction.unknown import looks_unmasked

pytestmark = pytest.mark.any_duckdb

HERE = Path(__file__).parent
PLANTED = (HERE / "planted.txt").read_text(encoding="utf-8").splitlines()
STAYS = (HERE / "stays.txt").read_text(encoding="utf-8").splitlines()
LOGHUB = HERE.parents[1].parent / "shared" / "data" / "loghub"


def masked(line: str) -> str:
    return mask_text(line, Counter())


def secrets_of(line: str) -> tuple[str, list[str]]:
    """Return a line without the marks « and », and what stood between them."""
    plain = line.replace("«", "").replace("»", "")
    return plain, [part.split("»")[0] for part in line.split("«")[1:]]


def left_of(line: str) -> list[str]:
    plain, secrets = secrets_of(line)
    once = masked(plain)
    assert secrets, line
    assert masked(once) == once, "masking again changes nothing"
    return [f"{secret} in {once}" for secret in secrets if secret in once]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_each_kind_masks_its_samples_and_keeps_the_others(kind: Kind) -> None:
    assert kind.masks
    assert [left for line in kind.masks for left in left_of(line)] == []
    assert [line for line in kind.keeps if masked(line) != line] == []


@pytest.mark.parametrize(
    ("line", "left"),
    [
        # A ';' ends the value of a connection string, also where the line is cut off after it.
        ("password=hik4ri;Pool", "password=<secret>;Pool"),
        ("password=hik4ri;Pooling=true", "password=<secret>;Pooling=true"),
        ("password=hik;4ri x=1", "password=<secret> x=1"),
        ("user bob@example.com logged in", "user <email> logged in"),
    ],
)
def test_how_far_a_value_goes(line: str, left: str) -> None:
    assert masked(line) == left


def test_nothing_of_the_planted_lines_is_left() -> None:
    assert [left for line in PLANTED for left in left_of(line)] == []


def test_what_decides_stays() -> None:
    assert {line: masked(line) for line in STAYS if masked(line) != line} == {}


@pytest.mark.parametrize(
    ("log", "kept"),
    [("Apache", {"ip"}), ("BGL", {"ip", "home", "random"}), ("HDFS", {"ip"})],
)
def test_clocks_and_ids_of_real_logs_stay(log: str, kept: set[str]) -> None:
    path = LOGHUB / log / f"{log}_2k.log"
    if not path.exists():
        pytest.skip("needs the folder shared/data")
    counts: Counter[str] = Counter()
    for line in path.read_text(errors="replace").splitlines()[::4]:
        assert mask_text(line, counts)[:25] == line[:25]
    assert set(counts) <= kept


@pytest.mark.parametrize(
    "unit",
    ["a", "A1b", " ", ".", "1:", "a@b.", "pass=", "password is ", "user ", '\\"', 'key="',
     "insert into x (", "value=", "-----BEGIN ", "x://", "mysql -p", "ping -x a ", "nmap [\"",
     "host lost-1 ", "%3D", "a%20", "name=token ", "name=a, ", "call 12 "],
)  # fmt: skip
def test_time_grows_with_the_length(unit: str) -> None:
    # One long run and many short ones, whose lengths add up to the same.
    long, short = (unit * 10_000)[:10_000], (unit * 1_000)[:1_000]
    ratios = []
    for _ in range(3):
        started = time.process_time()
        masked(long)
        once = time.process_time()
        for _ in range(10):
            masked(short)
        ratios.append((once - started) / (time.process_time() - once))
    assert min(ratios) < 4, "a quadratic kind would be ten times slower"


@pytest.mark.slow
@given(st.text(string.printable, max_size=200))
@settings(max_examples=200, deadline=None)
def test_a_masked_text_can_be_masked_again(text: str) -> None:
    assert isinstance(masked(masked(text)), str)


@pytest.mark.parametrize(
    ("line", "doubtful"),
    [
        ("the password he chose was rosebud77 again", True),
        ("ticket closed by Ada Lovelace", True),
        ("disk WD80 serial no. WX31A81C9F2K failed", True),
        ("job moved to render-07", True),
        ("Zadarma: 74951234567 unreachable", True),
        ("waited since: 1700000123", False),
        ("password rejected", False),
        ("disk sda1 failed", False),
    ],
)
def test_texts_that_masks_cannot_know_are_counted(line: str, doubtful: bool) -> None:
    assert looks_unmasked(line) is doubtful


def test_the_version_of_the_masks_is_the_same_on_every_file_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, plain = mask_version(), Path.iterdir
    for turned in (False, True):
        monkeypatch.setattr(
            Path, "iterdir", lambda path, to=turned: iter(sorted(plain(path), reverse=to))
        )
        assert mask_version.__wrapped__() == found
