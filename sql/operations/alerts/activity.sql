-- When lines came last, and since when there are lines without a verdict.
SELECT
    (SELECT max(coalesce(finished_at, started_at)) FROM fame.ingests WHERE rows > 0),
    (
        SELECT min(coalesce(ingests.finished_at, ingests.started_at))
        FROM fame.events AS events
        INNER JOIN fame.logs AS logs ON events.first_log_id = logs.log_id
        INNER JOIN fame.ingests AS ingests ON logs.ingest_id = ingests.ingest_id
        WHERE
            events.event_id NOT IN (SELECT event_id FROM fame.verdicts)
            AND EXISTS (SELECT 1 FROM fame.champion)
    );
