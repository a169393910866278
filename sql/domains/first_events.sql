-- The first canonical text of each template, for the encoder.
SELECT
    template_id,
    arg_min(canonical, event_id) AS canonical
FROM fame.events
WHERE template_id IS NOT NULL
GROUP BY template_id;
