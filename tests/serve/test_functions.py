"""The live functions of a server answer from what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import wait_until
from warehouse_copy import copied_to

from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings
from fame_sql.serve.sql.functions import Functions
from fame_sql.udfs.duckdb import scorer_of

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

_DIFFERENT = """
SELECT count(*) FROM scored_logs
WHERE fame_score(body) IS DISTINCT FROM score OR fame_domain(body) IS DISTINCT FROM domain
"""


def test_what_is_stored_is_not_judged_when_it_is_asked(compiled: Path, tmp_path: Path) -> None:
    path = copied_to(tmp_path, compiled)
    with Server(path, ServeSettings(port=0), [Functions()]) as server:
        connection = server.cursor().connection
        scorer = scorer_of(connection)
        assert scorer is not None
        [(messages,)] = connection.execute("SELECT count(DISTINCT body) FROM logs").fetchall()
        wait_until(lambda: len(scorer.cache().content.of_message) == messages)
        assert connection.execute(_DIFFERENT).fetchall() == [(0,)]
        assert scorer.judged == 0
        connection.execute("SELECT fame_score('something that never was')").fetchall()
        assert scorer.judged == 1
