SELECT
    event_id,
    canonical
FROM arrived_events
WHERE template_id IS NULL AND event_id >= $first AND event_id <= $last
ORDER BY event_id;
