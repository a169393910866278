-- An event may remain without lines, so that its scores and labels are kept.
UPDATE fame.events
SET lines = events.lines - gone.lines
FROM (
    SELECT
        logs.event_id,
        count(*) AS lines
    FROM fame.logs
    INNER JOIN tails
        ON logs.ingest_id = tails.ingest_id AND logs.byte_offset >= tails.byte_offset
    GROUP BY logs.event_id
) AS gone
WHERE events.event_id = gone.event_id;
