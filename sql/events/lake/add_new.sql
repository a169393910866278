-- Two machines that see a new event at the same moment both add its text; fame.events has it once.
INSERT INTO fame.event_rows BY NAME
SELECT
    fame.event_number(new_events.event_hash) AS event_id,
    new_events.event_hash,
    new_events.canonical,
    numbered.body AS example,
    $next_log_id - 1 + numbered.ordinal AS first_log_id,
    new_events.first_seen,
    new_events.last_seen,
    new_events.lines
FROM incoming_events AS new_events
INNER JOIN (
    SELECT
        place,
        body,
        row_number() OVER (ORDER BY place) AS ordinal
    FROM incoming
) AS numbered
    ON new_events.first_place = numbered.place
WHERE NOT EXISTS (
    SELECT 1
    FROM fame.event_rows AS stored
    WHERE
        stored.event_id = fame.event_number(new_events.event_hash)
        AND stored.canonical IS NOT NULL
);
