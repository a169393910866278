-- Messages with the canonical texts of their events, in pieces of lines.
SELECT
    logs.body,
    events.canonical
FROM fame.logs AS logs
INNER JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE logs.log_id > $after AND logs.log_id <= $until;
