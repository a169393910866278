SELECT
    events.event_id,
    events.canonical
FROM arrived_events AS events
ANTI JOIN (
    SELECT event_id
    FROM fame.scores
    WHERE model_version = $model_version AND event_id >= $first AND event_id <= $last
) AS scored
    ON events.event_id = scored.event_id
WHERE events.event_id >= $first AND events.event_id <= $last
ORDER BY events.event_id;
