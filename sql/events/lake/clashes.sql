-- Two canonical texts that have one number.
SELECT
    min(event_hash) AS one_hash,
    max(event_hash) AS other_hash
FROM (
    SELECT fame.event_number(event_hash) AS event_id, event_hash FROM incoming_events
    UNION ALL
    SELECT stored.event_id, stored.event_hash
    FROM fame.event_rows AS stored
    WHERE
        stored.canonical IS NOT NULL
        AND stored.event_id IN (SELECT fame.event_number(event_hash) FROM incoming_events)
)
GROUP BY event_id
HAVING min(event_hash) <> max(event_hash);
