"""The server vouches for its lines until a client may have changed them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import send

from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings
from fame_sql.serve.sql.statements import Statements
from fame_sql.serve.sql.vouching import Vouching
from fame_sql.serve.tokens import Role
from fame_sql.warehouse import lines


@pytest.fixture
def vouching() -> Vouching:
    return Vouching()


@pytest.fixture
def server(tmp_path: Path, newborn: Path, vouching: Vouching) -> Iterator[Server]:
    from fame_sql.serve.parts import usual_parts

    path = tmp_path / "logs.duckdb"
    path.write_bytes(newborn.read_bytes())
    settings = ServeSettings(port=0, alert_every=3600)
    with Server(path, settings, [vouching, *usual_parts(settings)]) as running:
        yield running


def test_lines_are_read_again_only_after_a_statement_that_may_change_them(
    server: Server, vouching: Vouching, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = list[object]()
    check = lines._check
    monkeypatch.setattr(lines, "_check", lambda c: reads.append(c) or check(c))
    statements = Statements(note=vouching.note)
    connection = server.cursor().connection
    for number in range(3):
        assert send(server.url, "/ingest", f"line {number}".encode(), "text/plain").status == 200
        state = lines.usable(connection)
        assert state is not None
        assert state.lines == number + 1
    for harmless in ("SELECT count(*) FROM logs", "CREATE TABLE mine AS SELECT 1 AS one"):
        assert statements.refusal(harmless, Role.WRITER) is None
    assert lines.usable(connection) is not None
    assert reads == []
    change = "UPDATE fame.logs SET body = 'another message'"
    assert statements.refusal(change, Role.READER) is not None
    assert lines.check(connection) is not None
    assert reads == []
    assert statements.refusal(change, Role.WRITER) is None
    connection.execute(change)
    assert lines.check(connection) is None
    assert reads == [connection]
