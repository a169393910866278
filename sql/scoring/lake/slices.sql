-- Slices of the events without a verdict, by their numbers, which need not be dense.
SELECT
    min(event_id) AS first,
    max(event_id) AS last
FROM (
    SELECT
        events.event_id,
        (row_number() OVER (ORDER BY events.event_id) - 1) // $most AS slice
    FROM arrived_events AS events
    ANTI JOIN (SELECT event_id FROM fame.scores WHERE model_version = $model_version) AS scored
        ON events.event_id = scored.event_id
)
GROUP BY slice
ORDER BY slice;
