-- Two canonical texts that have one number.
SELECT
    min(event_hash) AS one_hash,
    max(event_hash) AS other_hash
FROM (
    SELECT event_id, event_hash FROM incoming_numbers
    UNION ALL
    SELECT event_id, event_hash
    FROM fame.event_rows
    WHERE canonical IS NOT NULL AND event_id IN (SELECT event_id FROM incoming_numbers)
)
GROUP BY event_id
HAVING min(event_hash) <> max(event_hash);
