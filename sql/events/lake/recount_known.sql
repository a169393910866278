INSERT INTO fame.event_rows BY NAME
SELECT
    fame.event_number(known.event_hash) AS event_id,
    known.event_hash,
    known.first_seen,
    known.last_seen,
    known.lines
FROM incoming_events AS known
WHERE EXISTS (
    SELECT 1
    FROM fame.event_rows AS stored
    WHERE
        stored.event_id = fame.event_number(known.event_hash) AND stored.canonical IS NOT NULL
);
