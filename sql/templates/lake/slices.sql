-- Slices of the events without a template, by their numbers, which need not be dense.
SELECT
    min(event_id) AS first,
    max(event_id) AS last,
    count(*) AS events
FROM (
    SELECT
        event_id,
        (row_number() OVER (ORDER BY event_id) - 1) // $most AS slice
    FROM arrived_events
    WHERE template_id IS NULL
)
GROUP BY slice
ORDER BY slice;
