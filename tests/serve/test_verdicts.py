"""What a server does with lines that it has stored: verdicts, incidents, another champion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_servers import receivers
from serving import send, wait_until
from warehouse_copy import copied_to

from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.scoring.scoring import score_events
from fame_sql.serve.judge import Judge
from fame_sql.serve.part import Part
from fame_sql.serve.rounds import Rounds
from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings
from fame_sql.warehouse.sharing import sharing
from fame_sql.warehouse.warehouse import Warehouse, utc_now

pytestmark = pytest.mark.any_duckdb

UNJUDGED = """
    SELECT count(*) FROM fame.logs
    ANTI JOIN fame.scores USING (event_id) WHERE logs.event_id IS NOT NULL
"""


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("judging")
    path = copied_to(folder, compiled)
    file = folder / "followed.log"
    file.write_text("before the start\n")
    with Server(path, ServeSettings(port=0, alert_every=1.0, follow=[file])) as server:
        yield server


def _value(part: Part, name: str) -> float:
    return next(m.samples[0].value for m in part.metrics() if m.name == name)


def _ingest(server: Server, *lines: str) -> None:
    body = "\n".join(lines).encode()
    assert send(server.url, "/ingest?format=text", body, "text/plain").status == 200


def test_a_new_event_has_a_verdict_soon_and_the_one_that_scoring_gives(judging: Server) -> None:
    warehouse = judging.cursor()
    _ingest(judging, *(f"an unheard of failure of part {word}" for word in ("a", "b", "c")))
    wait_until(lambda: warehouse.value(UNJUDGED) == 0)
    found = warehouse.records("SELECT * EXCLUDE (scored_at) FROM fame.scores ORDER BY event_id")
    warehouse.connection.execute("BEGIN")
    try:
        warehouse.connection.execute("DELETE FROM fame.scores")
    finally:
        warehouse.connection.execute("COMMIT")
    with judging.writing(warehouse):
        score_events(warehouse)
    again = warehouse.records("SELECT * EXCLUDE (scored_at) FROM fame.scores ORDER BY event_id")
    assert found == again


def test_the_counts_of_templates_follow(judging: Server) -> None:
    warehouse = judging.cursor()
    known = """
        SELECT any_value(logs.body), template_id, any_value(templates.lines), any_value(events)
        FROM fame.logs JOIN fame.events USING (event_id) JOIN fame.templates USING (template_id)
        GROUP BY template_id ORDER BY template_id LIMIT 1
    """
    [(body, template, lines, events)] = warehouse.rows(known)
    _ingest(judging, *[body] * 7)
    counts = "SELECT lines, events FROM fame.templates WHERE template_id = ?"
    wait_until(lambda: warehouse.value(counts, [template]) != lines)
    assert warehouse.rows(counts, [template]) == [(lines + 7, events)]


def test_a_known_event_needs_no_verdict(judging: Server) -> None:
    warehouse = judging.cursor()
    known = "SELECT body, event_id FROM fame.logs SEMI JOIN fame.scores USING (event_id) LIMIT 1"
    [(body, event_id)] = warehouse.rows(known)
    scored = "SELECT scored_at FROM fame.scores WHERE event_id = ?"
    before = warehouse.rows(scored, [event_id])
    _ingest(judging, body)
    [(latest,)] = warehouse.rows(
        "SELECT arg_max(event_id, log_id) FROM fame.logs WHERE body = ?", [body]
    )
    assert latest == event_id
    assert warehouse.rows(scored, [event_id]) == before


def test_anomalies_become_an_incident(judging: Server) -> None:
    warehouse = judging.cursor()
    [(body,)] = warehouse.rows("SELECT body FROM fame.anomalies ORDER BY score DESC LIMIT 1")
    before = warehouse.value("SELECT count(*) FROM fame.stored_incidents")
    query = "/ingest?format=text&service=payments"
    assert send(judging.url, query, f"{body}\n".encode() * 3, "text/plain").status == 200
    sql = "SELECT count(*) FROM fame.stored_incidents"
    # The first round counts all lines that are there.
    wait_until(lambda: warehouse.value(sql) > before, 90)


def test_an_incident_reaches_a_webhook_from_the_server(judging: Server) -> None:
    warehouse = judging.cursor()
    [(body,)] = warehouse.rows("SELECT body FROM fame.anomalies ORDER BY score DESC LIMIT 1")
    with receivers() as told:
        settings = (
            f'[channels.hook]\nkind = "webhook"\nurl = "{told.http}/hook"\n'
            '[[routes]]\nchannels = ["hook"]\n'
        )
        with sharing(judging.shared()):
            store_settings(warehouse, settings, None, utc_now(), force=True)
        query = "/ingest?format=text&service=billing"
        assert send(judging.url, query, f"{body}\n".encode() * 3, "text/plain").status == 200
        wait_until(lambda: any("billing" in str(r.body) for r in told.received.get("hook", ())))
        [rounds] = [part for part in judging.parts if isinstance(part, Rounds)]
        wait_until(lambda: _value(rounds, "fame_alerts_sent") > 0)


def test_a_file_is_followed(judging: Server) -> None:
    warehouse = judging.cursor()
    [file] = judging.settings.follow
    sql = "SELECT count(*) FROM fame.logs WHERE source_path = ?"
    wait_until(lambda: warehouse.value(sql, [str(file)]) == 1)
    with file.open("a") as out:
        out.write("after the start\n")
    wait_until(lambda: warehouse.value(sql, [str(file)]) > 1)
    assert warehouse.value(sql, [str(file)]) == 2


def test_another_champion_is_taken_without_a_restart(judging: Server) -> None:
    warehouse = judging.cursor()
    judge = next(part for part in judging.parts if isinstance(part, Judge))
    version = warehouse.value("SELECT model_version FROM fame.models WHERE stage = 'champion'")
    with judging.writing(warehouse):
        warehouse.connection.execute("UPDATE fame.models SET stage = 'archived'")
    judge.reload()
    _ingest(judging, "an event that nothing can judge")
    wait_until(lambda: warehouse.value(UNJUDGED) == 1)
    with judging.writing(warehouse):
        sql = "UPDATE fame.models SET stage = 'champion' WHERE model_version = ?"
        warehouse.connection.execute(sql, [version])
    judging.reload()
    wait_until(lambda: warehouse.value(UNJUDGED) == 0)
    assert judge.problem() is None


def test_its_lines_are_those_that_a_warehouse_knows(judging: Server, tmp_path: Path) -> None:
    from fame_sql.warehouse.lines import usable

    warehouse: Warehouse = judging.cursor()
    with judging.writing(warehouse):
        assert usable(warehouse.connection) is not None
