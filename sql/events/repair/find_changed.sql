-- Lines whose event is not that of their message.
CREATE OR REPLACE TEMP TABLE changed_lines AS
SELECT
    logs.rowid AS row_id,
    logs.log_id,
    logs.timestamp,
    logs.body,
    logs.event_id AS old_event,
    bodies.canonical,
    md5(bodies.canonical) AS event_hash
FROM fame.logs AS logs
LEFT JOIN (
    SELECT
        body,
        $canonical AS canonical
    FROM (SELECT DISTINCT body FROM fame.logs WHERE body IS NOT NULL AND $condition)
) AS bodies
    ON logs.body = bodies.body
LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE $condition AND events.canonical IS DISTINCT FROM bodies.canonical;
