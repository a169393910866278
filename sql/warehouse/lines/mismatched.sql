-- Lines whose event is not that of their message.
SELECT count(*)
FROM fame.logs AS logs
LEFT JOIN (
    SELECT
        body,
        $canonical AS canonical
    FROM (SELECT DISTINCT body FROM fame.logs WHERE body IS NOT NULL)
) AS bodies
    ON logs.body = bodies.body
LEFT JOIN fame.events AS events ON logs.event_id = events.event_id
WHERE events.canonical IS DISTINCT FROM bodies.canonical;
