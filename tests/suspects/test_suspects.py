"""The ranking of suspects: words, levels, places, labels; each log is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.suspects import Look, Suspect, look_at
from fame_sql.warehouse.lexicon import default_lexicon, read_lexicon, write_lexicon
from fame_sql.warehouse.warehouse import Warehouse

Read = Callable[[Iterable[str]], Warehouse]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


def _look(warehouse: Warehouse, lines: Iterable[str]) -> Look:
    log = warehouse.path.with_name("app.log")
    log.write_text("".join(f"{line}\n" for line in lines))
    return look_at(warehouse, lambda opened: ingest_file(opened, log), fraction=1.0)


def _timed(messages: Iterable[str], start: int = 0) -> list[str]:
    """Return messages with times, one a minute."""
    return [
        f"2026-03-{1 + number // 1440:02} {number // 60 % 24:02}:{number % 60:02}:00 {message}"
        for number, message in enumerate(messages, start)
    ]


ROUTINE = [f"request {n} for /items was answered in {n % 7} ms" for n in range(200)]


def _everyone(found: Look) -> list[Suspect]:
    return [one for matter in found.matters for one in (matter.suspect, *matter.others)]


def test_failure_words_stand_out_without_levels(warehouse: Warehouse) -> None:
    found = _look(warehouse, _timed([*ROUTINE, *["disk /dev/sda1 reports a read error"] * 30]))
    assert found.lines_with_severity == 0
    [matter] = found.matters
    assert matter.suspect.phrase == "read error"
    assert matter.suspect.reasons()[:2] == ['says "read error"', "30 lines"]


def test_a_quiet_log_has_nothing_that_stands_out(warehouse: Warehouse) -> None:
    found = _look(warehouse, _timed([*ROUTINE, "backup finished with no errors"]))
    assert found.matters == ()
    assert 0 < len(found.closest) <= 3


@pytest.mark.parametrize(
    ("message", "phrase", "polarity"),
    [
        ("the job failed", "failed", 2),
        ("the job completed, 0 failed", None, 0),
        ("no errors were found", None, 0),
        ("upload failed: Connection refused", "connection refused", 3),
        ("java.net.ConnectException: nothing listens", "exception", 2),
        ("connection re-established after it failed", None, 0),
        ("handler PANIC in worker", "panic", 3),
        ("OOM-killer ended worker", "oom killer", 3),
        ("processed terror.txt", None, 0),
    ],
)
def test_the_strongest_phrase_counts_less_the_contrary(
    warehouse: Warehouse, message: str, phrase: str | None, polarity: int
) -> None:
    _look(warehouse, [message])
    found = warehouse.rows("SELECT phrase, polarity FROM fame.failure_words")
    assert found == ([] if phrase is None else [(phrase, polarity)])


def test_an_event_has_the_same_words_alone_and_among_others(warehouse: Warehouse) -> None:
    messages = [f"{phrase} in module x" for phrase in default_lexicon() if phrase.isascii()]
    _look(warehouse, messages)
    read = warehouse.rows(
        "SELECT count(*) FROM fame.events LEFT JOIN fame.failure_words USING (event_id) "
        "WHERE polarity IS NOT NULL AND (polarity NOT BETWEEN 1 AND 3 OR phrase IS NULL)"
    )
    assert read == [(0,)]


def test_a_level_and_words_are_one_piece_of_evidence(warehouse: Warehouse) -> None:
    lines = ["ERROR cannot open the queue"] * 3 + ["WARN queue is long"] * 3
    found = _look(warehouse, _timed([*ROUTINE, *lines]))
    by_level = {one.severity_text: one for one in _everyone(found)}
    # max(2, 2) + 0.5 * min(2, 2), and three lines.
    assert by_level["ERROR"].suspicion == pytest.approx(3 + 0.5 * 0.4771, abs=1e-3)
    assert "WARN" not in by_level


def test_the_words_of_an_info_line_count_half(warehouse: Warehouse) -> None:
    _look(warehouse, _timed([f"INFO {text}" for text in ROUTINE] + ["INFO cannot find x"]))
    said = warehouse.rows("SELECT suspicion FROM fame.suspects WHERE phrase IS NOT NULL")
    assert said == [(1.0,)]


def test_one_address_is_named_and_counts(warehouse: Warehouse) -> None:
    usual = [f"login of user{n} from 10.1.0.{n % 200} accepted" for n in range(100)]
    attack = ["Failed password for root from 203.0.113.9"] * 60
    found = _look(warehouse, _timed([*usual, *attack]))
    [matter] = found.matters
    assert matter.suspect.strength == "strong"
    assert "all from 203.0.113.9" in matter.suspect.reasons()
    assert matter.suspect.origin_lines == 60


def test_a_loopback_address_says_nothing(warehouse: Warehouse) -> None:
    usual = [f"login of user{n} from 10.1.0.{n % 200} accepted" for n in range(100)]
    found = _look(warehouse, _timed([*usual, *["lost connection to 127.0.0.1"] * 60]))
    assert [one.origin for one in _everyone(found)] == [None]


def test_a_burst_and_a_late_beginning_are_told_and_do_not_count(warehouse: Warehouse) -> None:
    lines = _timed(ROUTINE * 5)
    together = _look(warehouse, [*lines, *_timed(["cache rebuild aborted"] * 20, 500)])
    [matter] = together.matters
    assert matter.suspect.is_new
    assert matter.suspect.burst_lines == 20
    assert any(reason.startswith("burst 2026-03-01 0") for reason in matter.suspect.reasons())
    assert matter.suspect.suspicion == pytest.approx(3 + 0.6505, abs=1e-3)


def test_what_says_nearly_the_same_is_one_matter(warehouse: Warehouse) -> None:
    lines = ["corrupted data block in volume a"] * 4 + ["corrupted index block in volume a"] * 9
    found = _look(warehouse, [*ROUTINE, *lines, "panic in the scheduler"])
    assert sorted(matter.lines for matter in found.matters) == [1, 13]


ACCESS = '198.51.100.{} - - [01/Mar/2026:10:{:02}:{:02} +0000] "{} HTTP/1.1" {} 512 "-" "agent"'


def test_scanners_and_server_errors_of_an_access_log(warehouse: Warehouse) -> None:
    def lines(request: str, status: int, count: int, every: int) -> list[str]:
        times = range(0, count * every, every)
        return [ACCESS.format(n % 200, n // 60, n % 60, request, status) for n in times]

    found = _look(
        warehouse,
        [
            *lines("GET /items/1", 200, 600, 6),
            *lines("GET /missing.png", 404, 40, 80),
            *lines("GET /wp-login.php", 404, 20, 1),
            *lines("GET /blog/wp-admin/", 404, 5, 3),
            *lines("POST /items", 503, 12, 250),
        ],
    )
    assert [matter.suspect.phrase for matter in found.matters] == ["/wp-login", "503"]
    assert found.matters[0].suspect.lines == 25


def test_labels_of_people_decide_and_take_back_what_words_say(warehouse: Warehouse) -> None:
    lines = _timed([*ROUTINE, *["drill aborted as planned"] * 8, *["node seven aborted"] * 8])
    assert len(_look(warehouse, lines).matters) == 2
    before = dict(warehouse.rows("SELECT example, suspicion FROM fame.suspects"))
    warehouse.connection.execute(
        "INSERT INTO fame.labels SELECT NULL, event_id, template_id, false, NULL, 'human', "
        "'me', NULL, current_timestamp FROM fame.events WHERE canonical LIKE 'drill%'"
    )
    after = look_at(warehouse)
    assert after.matters == ()
    assert after.closest[0].suspect.example == "node seven aborted"
    rest = dict(warehouse.rows("SELECT example, suspicion FROM fame.suspects"))
    # Two imagined labels to one real one.
    assert rest["node seven aborted"] < before["node seven aborted"]
    assert after.labels == 1


def test_a_rule_changes_nothing(warehouse: Warehouse) -> None:
    _look(warehouse, _timed([*ROUTINE, *["node seven failed badly, core dumped"] * 8]))
    before = warehouse.rows("FROM fame.suspects")
    warehouse.connection.execute(
        "INSERT INTO fame.labels SELECT NULL, event_id, template_id, false, NULL, 'rule', "
        "NULL, NULL, current_timestamp FROM fame.events"
    )
    assert warehouse.rows("FROM fame.suspects") == before


def test_the_lines_of_a_suspect(warehouse: Warehouse) -> None:
    _look(warehouse, _timed([*ROUTINE, *["disk has a bad sector"] * 5]))
    lines = warehouse.rows(
        "SELECT lines.body FROM fame.suspects INNER JOIN fame.suspect_lines AS lines "
        "USING (suspect_id) WHERE rank = 1"
    )
    assert lines == [("disk has a bad sector",)] * 5
    counts = warehouse.rows("SELECT count(*), (SELECT sum(lines) FROM fame.suspects) FROM logs")
    assert counts == [(205, 205)]


def test_a_lexicon_of_ones_own(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("phrase,polarity\nFlux Capacitor,3\nread error,-2\n")
    with warehouse.transaction():
        write_lexicon(warehouse.connection, read_lexicon(path))
    found = _look(warehouse, ["flux capacitor is hot", "disk failed"])
    assert [one.phrase for one in _everyone(found)] == ["flux capacitor"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs the columns"),
        ("phrase,polarity\n", "needs the columns"),
        ("word,weight\nfailed,2\n", "needs the columns"),
        ("phrase,polarity\nfailed,9\n", "line 2"),
        ("phrase,polarity\nfailed,2\n,3\n", "line 3"),
        ("phrase,polarity\nfailed\n", "one of -2, 1, 2, 3"),
    ],
)
def test_a_lexicon_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_lexicon(path)
