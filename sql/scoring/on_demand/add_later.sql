-- The verdicts on events that have come since the statement was planned.
INSERT INTO temp.__fame_events BY NAME
SELECT
    later.event_id,
    unnest(later.verdict)
FROM (
    SELECT
        events.event_id,
        fame_verdict(events.example) AS verdict
    FROM fame.events AS events
    ANTI JOIN temp.__fame_events AS stored ON events.event_id = stored.event_id
    WHERE events.event_id > $after
) AS later;
